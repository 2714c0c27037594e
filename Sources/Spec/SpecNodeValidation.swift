// SPDX-License-Identifier: Apache-2.0

import Values

/// The rules that hold between nodes, and between a node's own values.
enum SpecNodeValidation {
    static func check(_ nodes: [SpecSection], _ apiServer: SpecSection, _ reader: inout SpecReader) {
        checkDistinct(nodes, "name", "node name", &reader)
        checkDistinct(nodes, "address", "address", &reader)
        checkOneLocal(nodes, &reader)
        for node in nodes {
            if !node.has("address"), !node.flag("local"), !isFaulty(node, "local") {
                reader.report(
                    .unreachableNode, at: node.location, node.path,
                    "\(title(node)) has no address and is not local",
                    hint: "add \"address\", or \"local\": true for the machine that the program runs on")
            }
            if let flags = node.locatedTexts("flags")?.list, !flags.value.isEmpty, !apiServer.has("flags"),
                apiServer.locatedText("managedBy")?.value != APIServerManager.external.rawValue
            {
                reader.report(
                    .combination, at: flags.location, flags.path,
                    "\(title(node)) has flags of its own, which need apiServer.flags",
                    hint: "give the flags that all nodes share in apiServer.flags")
            }
        }
    }

    private static func checkDistinct(
        _ nodes: [SpecSection], _ field: String, _ what: Message, _ reader: inout SpecReader
    ) {
        var firstLocations: [String: SourceLocation] = [:]
        for node in nodes {
            guard let found = node.locatedText(field) else { continue }
            if let first = firstLocations[found.value] {
                reader.report(
                    .duplicateValue, at: found.location, found.path,
                    "the \(what) \(SpecText.quoted(found.value)) is given to a second node",
                    hint: "it was given at \(first)")
            } else {
                firstLocations[found.value] = found.location
            }
        }
    }

    private static func checkOneLocal(_ nodes: [SpecSection], _ reader: inout SpecReader) {
        let local = nodes.filter { $0.flag("local") }
        for node in local.dropFirst() {
            reader.report(
                .combination, at: node.locatedFlag("local")?.location ?? node.location,
                node.path(of: "local"),
                "\(title(node)) is local, and so is another node: both would be this machine",
                hint: "give every other node an \"address\" instead")
        }
    }

    private static func isFaulty(_ node: SpecSection, _ field: String) -> Bool {
        node.has(field) && node.locatedFlag(field) == nil
    }

    private static func title(_ node: SpecSection) -> Message {
        node.optionalText("name").map { "node \(SpecText.quoted($0))" } ?? "the node"
    }
}
