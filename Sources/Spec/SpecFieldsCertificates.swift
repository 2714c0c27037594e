// SPDX-License-Identifier: Apache-2.0

import Values

extension SpecFields {
    static let certificates = SpecObject(
        name: "certificates", summary: "What is issued, and where it is stored on a node.",
        fields: [
            SpecField(
                "directory", .text(.nodeDirectory), .defaultText("/etc/kubernetes/ssl"),
                "The directory on every node that holds the certificates and the key.",
                example: #""/etc/kubernetes/ssl""#),
            SpecField(
                "files", .object(files), .defaultObject, "The names of the files in that directory.",
                example: #"{ "ca": "front-proxy-ca.crt" }"#),
            SpecField(
                "ca", .object(ca), .defaultObject,
                "The requestheader CA (kubeadm: front-proxy-ca), which signs only proxy client certificates.",
                example: #"{ "commonName": "aggregator-ca", "validity": "10y" }"#),
            SpecField(
                "proxyClient", .object(proxyClient), .defaultObject,
                "The certificate that an API server presents to extension API servers (kubeadm: front-proxy-client).",
                example: #"{ "commonName": "aggregator", "validity": "1y" }"#,
                alsoKnownAs: ["leaf", "client"]),
        ])

    static let files = SpecObject(
        name: "files", summary: "The names of the files on a node.",
        fields: [
            SpecField(
                "ca", .text(.fileName), .defaultText("aggregator-ca.pem"), "The trust bundle's name.",
                example: #""front-proxy-ca.crt""#),
            SpecField(
                "certificate", .text(.fileName), .defaultText("aggregator.pem"),
                "The proxy client certificate's name.", example: #""front-proxy-client.crt""#,
                alsoKnownAs: ["cert"]),
            SpecField(
                "key", .text(.fileName), .defaultText("aggregator-key.pem"),
                "The name of the proxy client certificate's key.",
                example: #""front-proxy-client.key""#),
        ])

    static let ca = SpecObject(
        name: "ca", summary: "The requestheader CA.",
        fields: [
            SpecField(
                "commonName", .text(.caCommonName), .defaultText("aggregator-ca"),
                "The common name, to which every generation appends 8 hex digits of its own.",
                example: #""aggregator-ca""#, alsoKnownAs: ["CN"]),
            namesField, keyField,
            SpecField(
                "validity", .text(.duration), .defaultText("10y"), "How long the CA is valid, 10m to 100y.",
                example: #""87600h""#, alsoKnownAs: ["expiry", "lifetime", "duration"]),
            SpecField(
                "keep", .boolean, .defaultBoolean(true),
                "False to destroy the CA's key after it has signed: a renewal or a new node then needs a new CA (rotate --ca).",
                example: "false", alsoKnownAs: ["keepKey"]),
            SpecField(
                "onNodes", .boolean, .defaultBoolean(false),
                "True to put the new CA's key where rotate --ca finds the old one's on a control plane, as kubeadm keeps it: who reads it "
                    + "there can act as any user. False removes the old one.",
                example: "true"),
            SpecField(
                "certificate", .text(.operatorFile), .optional,
                "The certificate of a CA whose key is elsewhere (`signer`, `external`): a PEM file on the operator's machine that holds "
                    + "only the CA that signs; the trust bundle of the nodes.",
                example: #""/etc/aggbootstrap/requestheader-ca.pem""#,
                alsoKnownAs: ["cert", "certificateFile"]),
            SpecField(
                "signer", .object(signer), .optional,
                "The program that signs if the CA's key is elsewhere: step, Vault, cfssl, openssl or a script.",
                example: #"{ "command": ["/usr/local/bin/sign-proxy-client"] }"#),
            SpecField(
                "external", .boolean, .defaultBoolean(false),
                "True if people have the certificates signed: init and rotate write requests (NAME.csr) and end; run again, they "
                    + "take the certificates (NAME.pem).",
                example: "true"),
        ])

    static let signer = SpecObject(
        name: "signer", summary: "A program that signs proxy client certificates.",
        fields: [
            SpecField(
                "command", .list(.text(.argument), count: 1...64, unique: .repeatable), .required,
                "The program and its arguments, run without a shell: it reads a PKCS#10 request in PEM from standard input and "
                    + "writes the certificate in PEM to standard output, the CA's behind it or not.",
                example: #"["/usr/local/bin/sign-proxy-client", "--profile", "aggregator"]"#)
        ])

    static let proxyClient = SpecObject(
        name: "proxyClient",
        summary:
            "The certificate that an API server presents to extension API servers (kubeadm: front-proxy-client).",
        fields: [
            SpecField(
                "commonName", .text(.commonName), .defaultText("aggregator"),
                "The common name; requestHeader.allowedNames must list it.",
                example: #""aggregator""#, alsoKnownAs: ["CN"]),
            namesField,
            SpecField(
                "hosts", .list(.text(.host), count: 0...256, unique: .distinct), .defaultTexts([]),
                "Subject alternative names, DNS names and IP addresses; a client certificate needs none.",
                example: #"["127.0.0.1", "kubernetes.default.svc"]"#, alsoKnownAs: ["sans"]),
            SpecField(
                "usages",
                .list(.choice(CertificateUsage.allCases.map(\.rawValue)), count: 1...8, unique: .distinct),
                .defaultTexts(["digital signature", "client auth"]),
                "Key usages and extended key usages under cfssl's names; `client auth` is one of them.",
                example: #"["signing", "key encipherment", "client auth"]"#),
            keyField,
            SpecField(
                "validity", .text(.duration), .defaultText("1y"),
                "How long the certificate is valid, 10m to 100y; it never outlives its CA.",
                example: #""8760h""#, alsoKnownAs: ["expiry", "lifetime", "duration"]),
            SpecField(
                "perNode", .boolean, .defaultBoolean(true),
                "True: each node has its own key and certificate. False: all nodes share one.",
                example: "true"),
        ])

    private static let namesField = SpecField(
        "names", .object(names), .defaultObject, "The other attributes of the subject.",
        example: #"{ "C": "CN", "O": "k8s" }"#)

    private static let keyField = SpecField(
        "key", .object(key), .defaultObject, "The key's algorithm and size; P-256 by default.",
        example: #"{ "algorithm": "rsa", "size": 2048 }"#)

    static let key = SpecObject(
        name: "key", summary: "A key's algorithm and size.",
        fields: [
            SpecField(
                "algorithm", .choice(["rsa", "ecdsa", "ed25519"]), .defaultText("ecdsa"),
                "The key's algorithm.", example: #""ecdsa""#, alsoKnownAs: ["algo", "type"]),
            SpecField(
                "size", .integer(oneOf: [256, 384, 521, 2048, 3072, 4096]),
                .derived("2048 for rsa, 256 for ecdsa"),
                "The size in bits: 2048, 3072, 4096 for rsa, 256, 384, 521 for ecdsa, none for ed25519.",
                example: "256", alsoKnownAs: ["bits"]),
        ])

    static let names = SpecObject(
        name: "names", summary: "The attributes of a subject beside its common name, in this order.",
        fields: [
            SpecField(
                "C", .text(.country), .optional, "The country's two letters.", example: #""CN""#,
                alsoKnownAs: ["country"]),
            SpecField(
                "ST", .text(.attribute(limit: 128)), .optional, "The state or province.",
                example: #""Shanghai""#, alsoKnownAs: ["state", "province"]),
            SpecField(
                "L", .text(.attribute(limit: 128)), .optional, "The locality.", example: #""Shanghai""#,
                alsoKnownAs: ["locality", "city"]),
            SpecField(
                "O", .text(.attribute(limit: 64)), .optional, "The organization.", example: #""k8s""#,
                alsoKnownAs: ["organization"]),
            SpecField(
                "OU", .text(.attribute(limit: 64)), .optional, "The organizational unit.",
                example: #""System""#, alsoKnownAs: ["organizationalUnit"]),
        ])
}
