// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ControlPlane
import Operations
import Planning
import Secrets
import StateStore

/// Which cluster, and where.
struct SpecOptions: ParsableArguments {
    static let specHelp = ArgumentHelp(
        "The cluster's JSON spec.",
        discussion: "Default: $AGGBOOTSTRAP_SPEC, ./aggbootstrap.json, /etc/aggbootstrap/cluster.json.",
        valueName: "file")
    static let limitHelp = ArgumentHelp("Work on this node only, or on A,B; repeatable.", valueName: "node")

    @Option(name: .customLong("spec"), help: specHelp, completion: .file(extensions: ["json"]))
    var spec: String?

    @OptionGroup var place: PlaceOptions

    var root: String? { place.root }
    var limit: [String] { place.limit }

    /// Those that were given.
    var given: [String] { (spec == nil ? [] : ["--spec"]) + place.given }

    /// The run that the options describe.
    func makeRun(
        _ effects: Effects, passphrase: SecretBytes? = nil, options: Planner.Options = .init(),
        acceptUnhealthy: [String] = [], requestFolder: String? = nil, needs: RootNeed = .nothing
    ) throws -> Run {
        var request = place.request(spec, passphrase, options, acceptUnhealthy: acceptUnhealthy)
        request.needs = needs
        request.requestFolder = requestFolder
        return try Run(NextCommand.about(request), effects: effects)
    }
}

/// Where the nodes' files and the state are, whatever the cluster.
struct PlaceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Work offline: write each node's files below DIR/<node>/, and use no node, bus or network.",
            valueName: "dir"), completion: .directory)
    var root: String?

    @Option(
        help: ArgumentHelp(
            "The state directory with the CA and its keys.",
            discussion:
                "Default: $AGGBOOTSTRAP_STATE, else with --root DIR/.state, else stateDirectory of the spec, else "
                + "/var/lib/aggbootstrap/<cluster> as root, else below $XDG_STATE_HOME.", valueName: "dir"),
        completion: .directory)
    var state: String?

    @Option(
        help: ArgumentHelp(
            "The unit that runs kube-apiserver, for nodes whose own unit is not available.", valueName: "file"
        ),
        completion: .file())
    var baseUnit: String?

    @Option(
        help: ArgumentHelp(
            "An environment file that the unit reads: its path on the node, and a copy of it; repeatable.",
            discussion: "Used with --root, for nodes whose tree does not have that file.",
            valueName: "path=file"))
    var baseFile: [String] = []

    @Option(help: SpecOptions.limitHelp, completion: Completions.nodes)
    var limit: [String] = []

    /// Those that were given.
    var given: [String] {
        [
            ("--root", root != nil), ("--state", state != nil), ("--base-unit", baseUnit != nil),
            ("--base-file", !baseFile.isEmpty), ("--limit", !limit.isEmpty),
        ].filter(\.1).map(\.0)
    }

    func request(
        _ spec: String?, _ passphrase: SecretBytes? = nil, _ options: Planner.Options = .init(),
        acceptUnhealthy: [String] = []
    ) -> RunRequest {
        RunRequest(
            specFile: spec, root: root, state: state, baseUnitFile: baseUnit, baseFiles: baseFile,
            limit: limit, passphrase: passphrase, options: options, acceptsUnhealthy: acceptUnhealthy)
    }
}

/// Which running cluster; for commands that have nothing to do offline.
struct ClusterOptions: ParsableArguments {
    @Option(
        name: .customLong("spec"), help: SpecOptions.specHelp, completion: .file(extensions: ["json"]))
    var spec: String?

    @Option(
        help: ArgumentHelp(
            "The state directory with the CA and its keys.",
            discussion:
                "Default: $AGGBOOTSTRAP_STATE, else stateDirectory of the spec, else /var/lib/aggbootstrap/<cluster> as "
                + "root, else below $XDG_STATE_HOME.", valueName: "dir"), completion: .directory)
    var state: String?

    @Option(help: SpecOptions.limitHelp, completion: Completions.nodes)
    var limit: [String] = []

    /// The run that the options describe.
    func makeRun(_ effects: Effects, options: Planner.Options, acceptUnhealthy: [String]) throws -> Run {
        let request = RunRequest(
            specFile: spec, state: state, limit: limit, options: options, acceptsUnhealthy: acceptUnhealthy)
        return try Run(NextCommand.about(request), effects: effects)
    }
}

/// The passphrase of the state's private keys.
struct PassphraseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with the passphrase of the private keys in the state directory; only its owner may be able to read it.",
            discussion:
                "With a passphrase, the keys of the CA and of the proxy client certificates are encrypted there. Default: "
                + "$AGGBOOTSTRAP_PASSPHRASE_FILE, else systemd's credential aggbootstrap-passphrase.",
            valueName: "file"), completion: .file())
    var passphraseFile: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Read that passphrase from this file descriptor.", valueName: "n"),
        transform: OptionValue.descriptor)
    var passphraseFd: Int32?

    /// The passphrase, where there is one.
    func read() throws -> SecretBytes? {
        try PassphraseSource.find(file: passphraseFile, descriptor: passphraseFd)?.read()
    }
}
