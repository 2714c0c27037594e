// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

// Flags, units and what is around them.
extension FindingWordings {
    /// How missing flags get into a static pod, which aggbootstrap does not edit.
    static let printed: Message =
        "to the command in the manifest (kubeadm: and to extraArgs of its ClusterConfiguration, which upgrades use); with "
        + "apiServer.managedBy \"external\" in the spec, aggbootstrap init prints the flags (docs/how-to/external.md)"

    static let flags: [FindingCode: Wording] = [
        .aggregationOff: .init(
            "no flag of the aggregation layer is given", "kube-apiserver runs without the aggregation layer",
            "aggbootstrap init turns it on", pod: "add its flags {printed}"),
        .noRequestheaderCA: .init(
            "--{flag} is missing, and other flags of the aggregation layer are there",
            "kube-apiserver silently ignores the other --requestheader flags; extension API servers trust no proxy",
            "add --{flag}, or run aggbootstrap init", pod: "add --{flag} {printed}"),
        .noUsernameHeaders: .init(
            "--{flag} is missing: it is empty by default",
            "no user is taken from a header: extension API servers see every request as anonymous",
            "add --{flag}=X-Remote-User"),
        .noGroupHeaders: .init(
            "--{flag} is missing: it is empty by default",
            "extension API servers see users without their groups, and forbid what the groups allow",
            "add --{flag}=X-Remote-Group"),
        .noExtraHeaders: .init(
            "--{flag} is missing: it is empty by default",
            "extension API servers do not see the extra fields of users, such as scopes",
            "add --{flag}=X-Remote-Extra-"),
        .anyName: .init(
            "--{flag} has no value",
            "kube-apiserver takes users from every certificate that the requestheader CA has signed, whatever its name is",
            "set it to the common name of the proxy client certificate"),
        .noProxyClient: .init(
            "--proxy-client-cert-file and --proxy-client-key-file are missing",
            "kube-apiserver presents no certificate: extension API servers answer 401 or 403 to every request",
            "add both flags, or run aggbootstrap init", pod: "add both flags {printed}"),
        .halfPair: .init(
            "--{given} is given without --{flag}",
            "kube-apiserver starts and silently ignores the certificate: extension API servers answer 401 or 403",
            "add --{flag}"),
        .emptyFlag: .init(
            "--{flag} has no value",
            "kube-apiserver treats it as not given, and the aggregation layer does not work",
            "give it a value; an empty variable may be the cause"),
        .blankValue: .init(
            "--{flag} has a blank value between its commas",
            "kube-apiserver does not start: empty value in \"{flag}\"", "remove the extra comma"),
        .badList: .init(
            "the value of --{flag} cannot be read as a list: {value}",
            "kube-apiserver does not start: parse error in the value",
            "write the values with commas in between, and no quotes"),
        .badValue: .init(
            "the value of --{flag} is neither true nor false: {value}",
            "kube-apiserver does not start: invalid argument", "write --{flag}=true or remove it"),
        .doubledFlag: .init(
            "--{flag} is given more than once, first at {at} with the value {first}",
            "kube-apiserver takes the last one: {value}", "keep one of them"),
        .splitList: .init(
            "--{flag} is given more than once, first at {at}",
            "kube-apiserver adds the values up, so that all of them count: {together}",
            "write all values in one flag, and remove the others"),
        .duplicateValue: .init(
            "{value} is more than once in --{flag}", "kube-apiserver starts; the second one changes nothing",
            "remove it"),
        .nameNotAllowed: .init(
            "the common name of the proxy client certificate, {name}, is not in --{flag}={value}",
            "kube-apiserver and extension API servers answer 401 to requests with this certificate",
            "add {name} to --{flag}, exactly as in the certificate, or issue a certificate with an allowed name"
        ),
        .standardHeaderMissing: .init(
            "--{flag} is {value}, without {standard}",
            "kube-apiserver passes the user on in {standard}, and extension API servers look for it in {value} only",
            "write --{flag}={standard}"),
        .customHeader: .init(
            "--{flag} also names {value}",
            "before 1.27 kube-apiserver passes this header on from any client, who can act as another user with it",
            "use the standard header alone, or state the version with --kubernetes-version if it is 1.27 or newer"
        ),
        .badHeader: .init(
            "--{flag} names {value}, which cannot be the name of a header",
            "no request has such a header: nothing is taken from it",
            "use letters, digits and dashes, without blanks and colons"),
        .redirectsFollowed: .init(
            "--{flag} is false",
            "kube-apiserver follows redirects of extension API servers, and takes its credentials there (CVE-2022-3172)",
            "remove the flag: true is the default"),
        .flagsTerminator: .init(
            "the command line ends its flags with --",
            "kube-apiserver does not start: what follows is no flag to it",
            "remove the --"),
        .unknownFlag: .init(
            "kube-apiserver {version} does not know --{flag}: {known}",
            "kube-apiserver {version} does not start: unknown flag", "remove it before {version} runs"),
        .featureGate: .init(
            "--{flag} needs the feature gate {gate}, which is off in {version}",
            "kube-apiserver {version} does not start: it requires the feature to be enabled",
            "remove the flag, or turn the gate on with --feature-gates={gate}=true"),
        .missingRequiredFlag: .init(
            "--{flag} is missing, and kube-apiserver {version} requires it",
            "kube-apiserver {version} does not start", "add it before {version} runs"),
    ]

    static let units: [FindingCode: Wording] = [
        .noUnit: .init(
            "no unit that runs kube-apiserver is in the tree",
            "systemd has nothing to start from these files; flags were not judged",
            "give the whole tree, with the unit or the static pod's manifest"),
        .waitingFlags: .init(
            "{flags} are in the variable {variable}, and no unit that could use it is in the tree",
            "these flags have no effect until the unit of kube-apiserver uses ${variable}",
            "add ${variable} to ExecStart= of the unit, as a word of its own; to have it judged, put the unit into the tree"
        ),
        .staticPod: .init(
            "kube-apiserver may run in a static pod whose manifest is not JSON, or stands beside another one or a unit",
            "kubelet starts kube-apiserver with the flags of this manifest, which were not judged",
            "write it as JSON, which is judged, for example with yq -o json; or check its flags and hostPath mounts by hand"
        ),
        .unitUnreadable: .init(
            "the unit of kube-apiserver cannot be used: {cause}", "systemd does not start kube-apiserver",
            "correct the unit, and check it with systemd-analyze verify"),
        .unitSyntax: .init(
            "systemd cannot read the line: {cause}",
            "systemd ignores it or refuses the unit: kube-apiserver does not start",
            "correct the line, and check the unit with systemd-analyze verify"),
        .severalCommands: .init(
            "the unit has more than one command: {cause}",
            "systemd refuses the unit: kube-apiserver does not start",
            "write an empty ExecStart= before the one that replaces the command"),
        .strayLine: .init(
            "the line begins with -- and belongs to no setting",
            "systemd ignores it: kube-apiserver does not get these flags",
            "end the line before with a backslash and nothing behind it"),
        .overridden: .init(
            "the command with {flags} is replaced by {by}", "kube-apiserver runs without these flags",
            "add the flags to the command that replaces it, or run aggbootstrap init"),
        .staleDropIn: .init(
            "the drop-in has the command of {base} as it was when the drop-in was written",
            "systemd runs the old command: the newer edits of {base} have no effect",
            "run aggbootstrap init, which merges them"),
        .unusedFlags: .init(
            "{flags} are in the variable {variable}, which the command does not use",
            "kube-apiserver runs without these flags", "add ${variable} to ExecStart=, as a word of its own"),
        .unknownVariable: .init(
            "the command uses ${variable}, which nothing sets", "systemd puts nothing in its place",
            "set it in Environment= or in a file of EnvironmentFile=, or remove it"),
        .environmentFileMissing: .init(
            "{path} of EnvironmentFile= is not there", "systemd does not start kube-apiserver",
            "put the file there, or write EnvironmentFile=-{path} if it may be missing"),
        .unclearCommand: .init(
            "the flags of kube-apiserver cannot be told from these files: {cause}",
            "missing flags were not judged",
            "give the missing file too, or let ExecStart= run kube-apiserver without a script",
            pod: "write the value itself in the manifest, without $(VARIABLE)"),
        .notKubeAPIServer: .init(
            "the unit runs {program}, which is not known to run kube-apiserver with the arguments of the unit",
            "flags were not judged", "let ExecStart= run kube-apiserver itself"),
        .reloadKills: .init(
            "ExecReload= sends SIGHUP", "systemctl reload ends kube-apiserver: SIGHUP kills it",
            "remove ExecReload=: kube-apiserver loads certificates by itself"),
        .flagOfKubeProxy: .init(
            "{unit} gives --{flag} to kube-proxy, and it is a flag of kube-apiserver",
            "kube-proxy does not start: unknown flag", "move it to the unit of kube-apiserver"),
        .noKubeProxy: .init(
            "nothing on this control plane runs kube-proxy, and --{flag} is off",
            "kube-apiserver asks extension API servers at their Service's cluster IP, which leads nowhere without kube-proxy",
            "add --{flag}=true to kube-apiserver"),
        .proxy: .init(
            "{cause}", "APIServices are not available (FailedDiscoveryCheck): the proxy does not reach them",
            "add the addresses of Services and pods to NO_PROXY"),
        .proxyUnsure: .init(
            "{cause}",
            "if the proxy does not reach them, APIServices are not available (FailedDiscoveryCheck)",
            "add the addresses of Services and pods to NO_PROXY"),
    ]
}
