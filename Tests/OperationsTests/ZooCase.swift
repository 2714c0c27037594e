// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Planning

/// One broken set-up: what is done to the clean tree, and the codes that are then reported, and no others.
struct ZooCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let codes: [FindingCode]
    let version: String?
    let spoil: @Sendable (ZooTree) async throws -> Void

    init(
        _ name: String, _ codes: FindingCode..., version: String? = nil,
        spoil: @escaping @Sendable (ZooTree) async throws -> Void
    ) {
        testDescription = name
        self.codes = codes
        self.version = version
        self.spoil = spoil
    }

    static let all = certificates + times + keys + files + flags + values + versions + units + surroundings

    // MARK: - Certificates

    static let certificates: [ZooCase] = [
        .init("a clean pair of openssl's") { try await $0.install(pair: "ca-leaf") },
        .init("another CA signed it", .chain) { try await $0.install(pair: "ca-leaf", ca: "other") },
        .init("a CA of the same name signed it", .chain) {
            try await $0.install(pair: "ca-leaf", ca: "same")
        },
        .init("a server's certificate", .purpose) { try await $0.install(pair: "server-only") },
        .init("a CA for servers", .caPurpose) { try await $0.install(pair: "server-leaf", ca: "server") },
        .init("a CA without cert sign", .notACA) { try await $0.install(pair: "nosign-leaf", ca: "nosign") },
        .init("a CA without CA:TRUE", .notACA) { try await $0.install(pair: "plain-leaf", ca: "plain") },
        .init("no AKI", .noAKI) { try await $0.install(pair: "no-aki") },
        .init("the tutorial's pair", .noAKI) { try await $0.install(pair: "tutorial-pair", ca: "tutorial") },
        .init("RSA-1024", .weakKey) { try await $0.install(pair: "rsa1024") },
        .init("SHA-1", .weakSignature) { try await $0.install(pair: "sha1") },
        .init("a negative serial number", .refusedByGo) { try await $0.install(pair: "negative") },
        .init("no common name", .nameNotAllowed) { try await $0.install(pair: "nameless") },
        .init("the CA as its own client", .caAsClient) { tree in
            try await tree.install(pair: "ca")
            try tree.flag("allowed-names=aggregator", "allowed-names=front-proxy-ca")
        },
        .init("a name that is not allowed", .nameNotAllowed) {
            try $0.flag("allowed-names=aggregator", "allowed-names=front-proxy-client,Aggregator")
        },
        .init("the client CA as requestheader CA", .sharedCA) { tree in
            try tree.write(tree.read(ZooTree.ca), "\(ZooTree.ssl)/ca.pem")
        },
        .init("one file for both CAs", .sharedCA) {
            try $0.flag("--client-ca-file=/etc/kubernetes/ssl/ca.pem", "--client-ca-file=\(ZooTree.ca)")
        },
        .init("a client CA with the requestheader CA's key", .sharedCA) { tree in
            try await tree.install(pair: "ca-leaf")
            try tree.write(await Zoo.shared.value.pem("cross.pem"), "\(ZooTree.ssl)/ca.pem")
        },
        .init("two CAs", .severalCAs) { tree in
            let other = try await Zoo.shared.value.pem("other.pem")
            try tree.write(tree.read(ZooTree.ca) + other, ZooTree.ca)
        },
        .init("the CA before the certificate", .certificateOrder) { tree in
            let zoo = try await Zoo.shared.value
            try await tree.install(pair: "ca-leaf")
            try tree.write(zoo.pem("ca.pem") + zoo.pem("ca-leaf.pem"), ZooTree.certificate)
        },
        .init("a CA that is no certificate", .caUnreadable) { try $0.write("none\n", ZooTree.ca) },
        .init("an empty CA", .caUnreadable) { try $0.write("", ZooTree.ca) },
        .init("a torn CA", .caUnreadable) { tree in
            try tree.write(String(tree.read(ZooTree.ca).dropLast(40)), ZooTree.ca)
        },
        .init("a certificate that is none", .certificateUnreadable) {
            try $0.write("\u{0}\u{1}\n", ZooTree.certificate)
        },
        .init("a request instead of a certificate", .certificateUnreadable) { tree in
            try tree.write(await Zoo.shared.value.pem("ca-leaf.csr"), ZooTree.certificate)
        },
    ]

    static let times: [ZooCase] = [
        .init("an expired certificate", .expired) { try await $0.install(pair: "expired", ca: "expired-ca") },
        .init("an expired CA", .caExpired, .expired) {
            try await $0.install(pair: "ca-expired", ca: "ca-expired-ca")
        },
        .init("an expired CA beside a valid one", .expiredCAKept) { tree in
            try await tree.install(pair: "ca-leaf")
            let old = try await Zoo.shared.value.pem("ca-expired-ca.pem")
            try tree.write(tree.read(ZooTree.ca) + old, ZooTree.ca)
        },
        .init("a certificate of the future", .notYetValid) {
            try await $0.install(pair: "early", ca: "early-ca")
        },
        .init("a certificate that ends soon", .endsSoon) { try await $0.install(pair: "soon") },
        .init("a CA that ends soon", .endsSoon) { try await $0.install(pair: "brief-leaf", ca: "brief") },
        .init("a certificate that outlives its CA", .outlivesCA) {
            try await $0.install(pair: "outlives", ca: "short")
        },
    ]

    static let keys: [ZooCase] = [
        .init("another key", .keyMismatch) { try await $0.install(key: "other-leaf.key") },
        .init("a key that is none", .keyUnreadable) { try $0.write("secret\n", ZooTree.key) },
        .init("a certificate instead of a key", .keyUnreadable) { tree in
            try tree.write(tree.read(ZooTree.certificate), ZooTree.key)
        },
        .init("an encrypted key", .keyEncrypted) { tree in
            try await tree.install(pair: "ca-leaf")
            try await tree.install(key: "encrypted.key")
        },
        .init("a key with a certificate beside it", .keyFileExtra) { tree in
            try tree.write(tree.read(ZooTree.certificate) + tree.read(ZooTree.key), ZooTree.key)
        },
        .init("a key in the CA's file", .keyInCertificateFile) { tree in
            try tree.write(tree.read(ZooTree.ca) + tree.read(ZooTree.key), ZooTree.ca)
        },
        .init("a key in the certificate's file", .keyInCertificateFile) { tree in
            try tree.write(tree.read(ZooTree.certificate) + tree.read(ZooTree.key), ZooTree.certificate)
        },
    ]

    // MARK: - Files

    static let files: [ZooCase] = [
        .init("no CA", .missingFile) { try $0.remove(ZooTree.ca) },
        .init("no certificate", .missingFile) { try $0.remove(ZooTree.certificate) },
        .init("no key", .missingFile) { try $0.remove(ZooTree.key) },
        .init("no client CA on a whole node", .missingFile) { tree in
            try tree.remove("/etc/kubernetes/ssl/ca.pem")
            try tree.add("--tls-cert-file=/etc/kubernetes/ssl/kubernetes.pem")
            try tree.write(try tree.read(ZooTree.certificate), "/etc/kubernetes/ssl/kubernetes.pem")
        },
        .init("no client CA in a part of a node") { try $0.remove("/etc/kubernetes/ssl/ca.pem") },
        .init("a client CA that is none", .clientCAUnreadable) {
            try $0.write("nothing\n", "/etc/kubernetes/ssl/ca.pem")
        },
        .init("a directory instead of a key", .unreadable) { tree in
            try tree.remove(ZooTree.key)
            try tree.write("", ZooTree.key + "/x")
        },
        .init("a key for everybody", .keyReadable) { try $0.chmod(ZooTree.key, 0o644) },
        .init("a key for a group", .keyGroupReadable) { try $0.chmod(ZooTree.key, 0o640) },
        .init("a CA's key that everybody may read", .caKeyReadable) { tree in
            try await tree.install(caKey: "ca.key")
            try tree.chmod(ZooTree.caKey, 0o644)
        },
        .init("a CA's key beside it, for root alone") { try await $0.install(caKey: "ca.key") },
        .init("the key of another CA beside it", .otherCAKey) { try await $0.install(caKey: "other.key") },
        .init("a CA that everybody may change", .writable) { try $0.chmod(ZooTree.ca, 0o666) },
        .init("a drop-in that everybody may change", .writable) { try $0.chmod(ZooTree.dropIn, 0o646) },
        .init("a directory that everybody may change", .directoryWritable) {
            try $0.chmod(ZooTree.ssl, 0o777)
        },
        .init("a linked certificate", .symbolicLink) { tree in
            try Zoo.shell(
                "mv aggregator.pem a-1.pem; ln -s a-1.pem aggregator.pem", in: tree.root + ZooTree.ssl)
        },
        .init("a linked directory", .symbolicLink) { tree in
            try Zoo.shell("mv ssl ssl-1; ln -s /etc/kubernetes/ssl-1 ssl", in: tree.root + "/etc/kubernetes")
        },
        .init("a certificate with a byte order mark", .byteOrderMark) { tree in
            try tree.write("\u{FEFF}" + tree.read(ZooTree.certificate), ZooTree.certificate)
        },
        .init("a key with a byte order mark", .byteOrderMark) { tree in
            try tree.write("\u{FEFF}" + tree.read(ZooTree.key), ZooTree.key)
        },
        .init("carriage returns in PEM are none of our business") { tree in
            try tree.write(tree.read(ZooTree.ca).replacing("\n", with: "\r\n"), ZooTree.ca)
        },
        .init("carriage returns in the unit", .carriageReturn) { tree in
            try tree.edit(ZooTree.dropIn, "[Service]\n", "[Service]\r\nNice=0\r\n")
        },
    ]
}
