// SPDX-License-Identifier: Apache-2.0

import Values

/// The table of everything that an `aggbootstrap/v1` spec may hold.
///
/// Decoding, "did you mean", the JSON Schema and the reference all come from it.
package enum SpecFields {
    /// The only `apiVersion`.
    package static let apiVersion = "aggbootstrap/v1"

    /// The whole document.
    package static let document = SpecObject(
        name: "spec", summary: "A cluster whose API servers get an aggregation layer.",
        fields: [
            SpecField(
                "$schema", .text(.anything), .optional,
                "The JSON Schema for editors; ignored otherwise.",
                example: #""aggbootstrap.schema.json""#),
            SpecField(
                "apiVersion", .choice([apiVersion]), .required,
                "The version of this format.", example: #""aggbootstrap/v1""#),
            SpecField(
                "cluster", .text(.clusterName), .required,
                "The cluster's name, which also names its state directory.", example: #""shanghai""#),
            SpecField(
                "kubernetesVersion", .text(.kubernetesVersion), .optional,
                "The minor version of the API servers; without it, nothing is used that needs a newer version.",
                example: #""1.20""#),
            SpecField(
                "stateDirectory", .text(.operatorDirectory),
                .derived("/var/lib/aggbootstrap/<cluster> as root, else below $XDG_STATE_HOME"),
                "The directory on the operator's machine that holds the CA keys and the ledger.",
                example: #""/var/lib/aggbootstrap/shanghai""#),
            SpecField(
                "certificates", .object(certificates), .defaultObject,
                "What is issued, and where it is stored on a node.",
                example: #"{ "directory": "/etc/kubernetes/ssl" }"#),
            SpecField(
                "requestHeader", .object(requestHeader), .defaultObject,
                "How an extension API server recognises the aggregator and reads the user from its requests.",
                example: #"{ "allowedNames": ["aggregator"] }"#),
            SpecField(
                "apiServer", .object(apiServer), .defaultObject,
                "What runs kube-apiserver, and how it is asked.",
                example: #"{ "unit": "kube-apiserver.service" }"#),
            SpecField(
                "nodes", .list(.object(node), count: 1...1000, unique: .repeatable), .required,
                "The control planes, in the order in which they are changed.",
                example: #"[{ "name": "cp1", "local": true }]"#),
        ])

    static let requestHeader = SpecObject(
        name: "requestHeader", summary: "How the aggregator is recognised, and which headers carry the user.",
        fields: [
            SpecField(
                "allowedNames", .list(.text(.allowedName), count: 1...64, unique: .distinct),
                .derived("the common name of the proxy client certificate"),
                "The common names whose holder may name a user; must include that of the proxy client certificate.",
                example: #"["aggregator"]"#),
            SpecField(
                "usernameHeaders", .list(.text(.headerName), count: 1...16, unique: .distinctIgnoringCase),
                .defaultTexts(["X-Remote-User"]), "The headers that hold the user's name.",
                example: #"["X-Remote-User"]"#),
            SpecField(
                "groupHeaders", .list(.text(.headerName), count: 1...16, unique: .distinctIgnoringCase),
                .defaultTexts(["X-Remote-Group"]), "The headers that hold the user's groups.",
                example: #"["X-Remote-Group"]"#),
            SpecField(
                "extraHeadersPrefix", .list(.text(.headerName), count: 1...16, unique: .distinctIgnoringCase),
                .defaultTexts(["X-Remote-Extra-"]), "The prefixes of headers that hold more about the user.",
                example: #"["X-Remote-Extra-"]"#),
            SpecField(
                "allowCustomHeaders", .boolean, .defaultBoolean(false),
                "Allows headers that are not standard; clients could forge those before Kubernetes 1.27.",
                example: "false"),
        ])

    static let node = SpecObject(
        name: "node", summary: "A control plane.",
        fields: [
            SpecField(
                "name", .text(.nodeName), .required,
                "The node's unique name; offline, also the name of the directory of its files.",
                example: #""master-1""#),
            SpecField(
                "address", .text(.address), .optional,
                "The node's IP address or DNS name; required unless it is local.",
                example: #""192.168.123.250""#),
            SpecField(
                "local", .boolean, .defaultBoolean(false),
                "True for the machine on which aggbootstrap runs.", example: "true"),
            SpecField(
                "ssh", .object(ssh), .defaultObject,
                "How the node is reached over ssh; the operator's ssh_config sets everything else.",
                example: #"{ "user": "root" }"#),
            SpecField(
                "flags", .list(.text(.flag), count: 0...512, unique: .repeatable), .defaultTexts([]),
                "Arguments that only this node's kube-apiserver gets, after apiServer.flags.",
                example: #"["--advertise-address=192.168.123.250"]"#),
        ])

    static let ssh = SpecObject(
        name: "ssh", summary: "How a node is reached over ssh.",
        fields: [
            SpecField(
                "user", .text(.userName), .derived("what ssh_config says"), "The login name.",
                example: #""root""#),
            SpecField(
                "sudo", .boolean, .defaultBoolean(false),
                "Runs commands under `sudo -n`, for a login that is not root.", example: "true"),
            SpecField(
                "configFile", .text(.operatorFile), .derived("the operator's own ssh_config"),
                "An ssh_config on the operator's machine that is read instead (`ssh -F`).",
                example: #""/root/.ssh/cluster.config""#),
            SpecField(
                "hostKey", .text(.hostKey), .derived("known_hosts"),
                "The node's public host key, as type and base64; no other key is accepted.",
                example:
                    #""ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUm""#),
        ])
}
