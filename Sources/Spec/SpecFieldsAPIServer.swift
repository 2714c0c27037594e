// SPDX-License-Identifier: Apache-2.0

import Values

extension SpecFields {
    static let apiServer = SpecObject(
        name: "apiServer", summary: "What runs kube-apiserver, and how it is asked.",
        fields: [
            SpecField(
                "managedBy", .choice(APIServerManager.allCases.map(\.rawValue)), .defaultText("systemd"),
                "What runs kube-apiserver: a systemd unit, or something else (`external`: a static pod, a snap). aggbootstrap then "
                    + "installs certificates, prints the flags that are missing, and restarts nothing.",
                example: #""external""#),
            SpecField(
                "unit", .text(.unitName), .defaultText("kube-apiserver.service"),
                "The systemd unit that runs kube-apiserver.", example: #""kube-apiserver.service""#),
            SpecField(
                "flagsIn", .choice(FlagsPlacement.allCases.map(\.rawValue)), .defaultText("auto"),
                "Where the aggregation flags are written: a drop-in, an environment file or a whole unit.",
                example: #""dropIn""#),
            SpecField(
                "environmentFile", .object(environmentFile), .optional,
                "The variable that holds the flags if flagsIn is `environmentFile`.",
                example: #"{ "path": "/etc/kubernetes/apiserver.env", "variable": "KUBE_API_ARGS" }"#),
            SpecField(
                "aggregatorRouting", .boolean, .defaultBoolean(false),
                "True if the aggregator must connect to endpoint IPs: needed if no kube-proxy runs on the control planes.",
                example: "true"),
            SpecField(
                "executable", .text(.nodeFile), .defaultText("/usr/local/bin/kube-apiserver"),
                "The program in a whole unit.", example: #""/usr/local/bin/kube-apiserver""#),
            SpecField(
                "flags", .list(.text(.flag), count: 1...512, unique: .repeatable), .optional,
                "The other arguments of a whole unit, one each; the aggregation flags are derived.",
                example: #"["--etcd-servers=https://127.0.0.1:2379"]"#),
            SpecField(
                "serverCAFile", .text(.operatorFile), .derived("the serving certificate on the node, pinned"),
                "A CA bundle on the operator's machine that the API server's certificate is checked with.",
                example: #""/etc/kubernetes/ssl/ca.pem""#),
            SpecField(
                "kubeconfig", .text(.operatorFile), .optional,
                "An administrator's kubeconfig on the operator's machine: for API servers that answer no anonymous request, and "
                    + "for rotations, which find extension API servers and create a canary with it.",
                example: #""/etc/kubernetes/admin.conf""#),
            SpecField(
                "clientCAFile", .text(.nodeFile), .derived("the API server's own --client-ca-file"),
                "The client CA bundle on a node, which must share no key with the requestheader CA.",
                example: #""/etc/kubernetes/ssl/ca.pem""#),
        ])

    private static let environmentFile = SpecObject(
        name: "environmentFile", summary: "One variable in a file that the unit reads with EnvironmentFile=.",
        fields: [
            SpecField(
                "path", .text(.nodeFile), .required, "The file on every node.",
                example: #""/etc/kubernetes/apiserver.env""#),
            SpecField(
                "variable", .text(.variableName), .required,
                "The variable, which the unit's ExecStart uses as $NAME.", example: #""KUBE_API_ARGS""#),
        ])
}
