// SPDX-License-Identifier: Apache-2.0

import Spec

/// The JSON of `status` as a JSON Schema (draft 2020-12).
///
/// Members may be added to a document at any time; `schemaVersion` says when one is removed or changes its meaning.
enum StatusSchema {
    /// A member of an object: its name, its schema, what it is, and whether it may be missing.
    private struct Field {
        let name: String
        let type: [OrderedJSON.Member]
        let text: String
        let isOptional: Bool

        init(_ name: String, _ type: [OrderedJSON.Member], _ text: String, optional: Bool = false) {
            (self.name, self.type, self.text, isOptional) = (name, type, text, optional)
        }
    }

    /// The schema with a line feed at its end.
    static var json: String {
        OrderedJSON.object([
            .init("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
            .init("title", .text("aggbootstrap status -o json")),
            .init(
                "description",
                .text(
                    "One cluster; many, with several specs or a directory of them; or an error, if there is nothing to show."
                )
            ),
            .init("oneOf", .list(["cluster", "fleet", "failure"].map { .object(reference($0)) })),
            .init("$defs", .object(definitions)),
        ]).document
    }

    private static var definitions: [OrderedJSON.Member] {
        [
            object("cluster", cluster), object("fleet", fleet), object("failure", failure),
            object("node", node), object("certificate", certificate), object("file", file),
            object("flags", flags), object("apiServer", apiServer), object("message", message),
            object("nodeError", nodeError), object("rotation", rotation), object("change", change),
            object("schedule", schedule), object("scheduleFile", scheduleFile), object("lastRun", lastRun),
            object("clusterError", clusterError), object("error", error), object("problem", problem),
        ]
    }

    // MARK: - Documents

    private static let version = Field(
        "schemaVersion", [.init("const", .integer(JSONText.schemaVersion))],
        "The version of every JSON document.")
    private static let differs = Field(
        "differs", boolean, "Whether anything cannot be read or differs, or a rotation is open.")
    private static let exitStatus = Field("exitStatus", integer, "The exit status of the command.")

    private static let cluster = [
        version, Field("cluster", text, "The cluster's name."),
        Field("spec", text, "The spec's file.", optional: true),
        Field("time", time, "When it was read."), Field("state", text, "The state directory."),
        Field("ca", reference("certificate"), "The CA that signs.", optional: true),
        Field("rotation", reference("rotation"), "The rotation of the CA that is open.", optional: true),
        Field("lastChange", reference("change"), "The newest entry of the ledger.", optional: true),
        Field("history", list("change"), "The newest entries of the ledger, oldest of them first."),
        Field(
            "schedule", reference("schedule"), "The timer of this machine, if systemd could be asked.",
            optional: true),
        Field("nodes", list("node"), "The control planes, in the spec's order."),
        Field("notices", list("message"), "Messages about the cluster."), differs, exitStatus,
    ]

    private static let fleet = [
        version, Field("time", time, "When the last cluster was read."),
        Field("clusters", list("cluster"), "Each as if it were the only one."),
        Field("errors", list("clusterError"), "Specs and clusters that could not be read."), differs,
        exitStatus,
    ]

    private static let failure = [
        version, Field("error", reference("error"), "Why there is nothing to show."),
    ]

    // MARK: - Their parts

    private static let node = [
        Field("name", text, "Its name in the spec."),
        Field("error", reference("nodeError"), "Why it could not be read.", optional: true),
        Field(
            "certificates", list("certificate"), "The CAs and the proxy client certificate that lie there."),
        Field(
            "files", list("file"), "The CA, the proxy client certificate, its key, and what holds the flags."),
        Field("flags", reference("flags"), "The aggregation layer's flags in effect.", optional: true),
        Field("unit", text, "systemd's words, such as active/running.", optional: true),
        Field("apiServer", reference("apiServer"), "The running kube-apiserver.", optional: true),
        Field("caLoaded", words("yes", "no", "unknown"), "Whether it has loaded every CA of its file."),
        Field(
            "proxyClientLoaded", words("unknown"),
            "Whether it presents the proxy client certificate of its file: not looked at; verify --canary does."
        ),
        Field("startedAt", time, "When its process started.", optional: true),
        Field(
            "loopbackEnds", time, "When the certificate for its connections to itself ends.", optional: true),
        Field("clockOffset", integer, "Seconds by which the node's clock is ahead."),
        Field("drift", list("message"), "What differs from the spec."),
        Field("notices", list("message"), "Messages about the node."),
    ]

    private static let certificate = [
        Field("role", words("ca", "proxyClient"), "What it is for."),
        Field("path", text, "Its file on the node.", optional: true),
        Field("subject", text, "RFC 2253."), Field("issuer", text, "RFC 2253."),
        Field("serial", hex, "The serial number."), Field("sha256", hex, "The fingerprint."),
        Field("notBefore", time, "Its beginning."), Field("notAfter", time, "Its end."),
        Field("secondsLeft", integer, "From time to notAfter; negative once it has ended."),
    ]

    private static let file = [
        Field("path", text, "On the node."),
        Field("kind", words("absent", "regular", "directory", "symbolic-link", "other"), "What is there."),
        Field("mode", text, "Octal, such as 0644.", optional: true),
        Field("uid", integer, "The owner.", optional: true),
        Field("gid", integer, "The group.", optional: true),
    ]

    private static let flags = [
        Field("arguments", texts, "--name=value each."),
        Field("from", words("process", "files"), "The running process, or the unit's files."),
        Field("path", text, "The file that the spec puts them into.", optional: true),
    ]

    private static let apiServer = [
        Field("endpoint", text, "https://ADDRESS:PORT."),
        Field("readiness", words("ready", "not-ready", "hidden", "unseen"), "What /readyz says."),
        Field("version", text, "Of Kubernetes.", optional: true),
    ]

    private static let message = [
        Field("code", text, "Stable."), Field("message", text, "For people."),
        Field("hint", text, "What to do about it.", optional: true),
        Field("path", text, "The file or directory that differs.", optional: true),
    ]

    private static let nodeError = [
        Field("code", text, "Stable."), Field("message", text, "For people."),
        Field("hint", text, "What to do.", optional: true),
    ]

    private static let rotation = [
        Field("since", text, "When it began."),
        Field("direction", words("forward", "back"), "back after rotate --abort."),
        Field(
            "stage", words("trust", "leaves", "soak", "drop"),
            "Missing if a control plane could not be read.", optional: true),
        Field("inProgress", boolean, "Whether a process works on it now."),
        Field("aborted", text, "When it was aborted.", optional: true),
    ]

    private static let change = [
        Field("time", text, "As the ledger has it."), Field("event", text, "Such as issued-leaf."),
        Field("node", text, "The control plane that it is about.", optional: true),
        Field("because", text, "Why.", optional: true),
        Field("by", text, "user@host; missing in entries of earlier versions.", optional: true),
    ]

    private static let schedule = [
        version, Field("cluster", text, "The cluster's name."),
        Field("isInstalled", boolean, "Whether both units are there."),
        Field("isEnabled", boolean, "Whether it starts with the machine."),
        Field("isRunning", boolean, "Whether a run is in progress."),
        Field("files", list("scheduleFile"), "The units."), Field("command", texts, "What it runs."),
        Field("nextRun", time, "Missing if none is planned.", optional: true),
        Field("lastRun", reference("lastRun"), "The last run since the machine started."),
        Field("done", texts, "Empty here."), Field("notices", texts, "Empty here."),
    ]

    private static let scheduleFile = [
        Field("path", text, "On this machine."), Field("isThere", boolean, "Whether it exists."),
        Field("isOurs", boolean, "Whether schedule install wrote it."),
    ]

    private static let lastRun = [
        Field("begin", time, "When it began.", optional: true),
        Field("end", time, "When it ended.", optional: true),
        Field("result", text, "systemd's word, such as success.", optional: true),
        Field("exitStatus", integer, "Or the signal's number.", optional: true),
    ]

    private static let clusterError = [
        Field("spec", text, "The spec's file."),
        Field("cluster", text, "Missing if the spec cannot be read.", optional: true),
        Field("error", reference("error"), "Why."),
    ]

    private static let error = [
        Field("code", text, "Stable."), Field("message", text, "For people."),
        Field("hint", text, "What to do.", optional: true),
        Field("details", texts, "Lines that show the cause."), exitStatus,
        Field("problems", list("problem"), "What is wrong with the spec."),
    ]

    private static let problem = [
        Field("code", text, "Stable."), Field("message", text, "For people."),
        Field("hint", text, "What to do.", optional: true), Field("file", text, "The spec's file."),
        Field("line", integer, "From 1."), Field("column", integer, "From 1."),
        Field("path", text, "Such as nodes[2].address; empty for syntax."),
    ]
}

// MARK: - Types

extension StatusSchema {
    private static let text = [OrderedJSON.Member("type", .text("string"))]
    private static let texts = array(text)
    private static let boolean = [OrderedJSON.Member("type", .text("boolean"))]
    private static let integer = [OrderedJSON.Member("type", .text("integer"))]
    private static let hex = text + [.init("pattern", .text("^([0-9a-f]{2})+$"))]
    private static let time =
        text + [.init("pattern", .text("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"))]

    private static func words(_ all: String...) -> [OrderedJSON.Member] {
        text + [.init("enum", .list(all.map { .text($0) }))]
    }

    private static func reference(_ name: String) -> [OrderedJSON.Member] {
        [.init("$ref", .text("#/$defs/\(name)"))]
    }

    private static func list(_ name: String) -> [OrderedJSON.Member] { array(reference(name)) }

    private static func array(_ items: [OrderedJSON.Member]) -> [OrderedJSON.Member] {
        [.init("type", .text("array")), .init("items", .object(items))]
    }

    private static func object(_ name: String, _ fields: [Field]) -> OrderedJSON.Member {
        let properties = fields.map { field in
            OrderedJSON.Member(
                field.name, .object([.init("description", .text(field.text))] + field.type))
        }
        return .init(
            name,
            .object([
                .init("type", .text("object")),
                .init("required", .list(fields.filter { !$0.isOptional }.map { .text($0.name) })),
                .init("properties", .object(properties)),
            ]))
    }
}
