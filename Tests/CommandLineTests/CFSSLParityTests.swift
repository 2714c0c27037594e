// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// cfssl and this program make a CA and a leaf from the same three files; openssl(1) reads both.
///
/// Everything is equal but for what is asserted here one by one as different on purpose.
@Suite struct CFSSLParityTests {
    /// What openssl(1) says of a certificate.
    struct Reading: Equatable {
        /// Attributes with their string types, in the certificate's order.
        var subject: [String]
        var issuer: [String]
        /// `version`, `signature`, `key`: lines of its text.
        var text: [String]
        var timeTypes: [String]
        var start: Int64
        var seconds: Int64
        var serialBytes: Int
        /// In the certificate's order.
        var extensions: [Extension]
    }

    struct Extension: Equatable {
        var name: String
        var isCritical: Bool
        /// DER in hex.
        var value: String
    }

    private func output(_ line: String, in directory: TemporaryDirectory) throws -> String {
        let result = try shell("set -e -o pipefail; \(line)", in: directory)
        try #require(result.status == 0, "\(line): \(result.stderr)")
        return result.stdout.trimmingCharacters(in: .newlines)
    }

    private func read(_ file: String, in directory: TemporaryDirectory) throws -> Reading {
        func name(_ which: String) throws -> [String] {
            try output(
                "openssl x509 -in \(file) -noout -\(which) -nameopt sep_multiline,sname,show_type",
                in: directory
            ).split(separator: "\n").dropFirst().map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let wanted = "Version:|Signature Algorithm:|Public Key Algorithm:|Public-Key:|Exponent:|NIST CURVE:"
        let text = try output(
            "openssl x509 -in \(file) -noout -text | grep -E '\(wanted)' | sort -u", in: directory)
        let times = try output(
            "openssl x509 -in \(file) -noout -dates | sed s/.*=// | while read -r d; do date -d \"$d\" +%s; done",
            in: directory
        ).split(separator: "\n").compactMap { Int64($0) }
        try #require(times.count == 2)
        let structure = try output("openssl asn1parse -in \(file)", in: directory).split(separator: "\n").map(
            String.init)
        let serial = try output("openssl x509 -in \(file) -noout -serial | sed s/serial=//", in: directory)
        return Reading(
            subject: try name("subject"), issuer: try name("issuer"),
            text: text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) },
            timeTypes: structure.compactMap {
                $0.firstMatch(of: /(UTCTIME|GENERALIZEDTIME)/).map { String($0.1) }
            },
            start: times[0], seconds: times[1] - times[0], serialBytes: serial.utf8.count / 2,
            extensions: extensions(in: structure))
    }

    /// `OBJECT :X509v3 ...`, perhaps `BOOLEAN :255`, then `OCTET STRING [HEX DUMP]:...`.
    private func extensions(in structure: [String]) -> [Extension] {
        var (found, name, isCritical) = ([Extension](), String?.none, false)
        for line in structure {
            if let match = line.firstMatch(of: /OBJECT +:(X509v3 .*)/) {
                (name, isCritical) = (String(match.1), false)
            } else if line.contains("BOOLEAN") {
                isCritical = line.hasSuffix(":255")
            } else if let open = name,
                let match = line.firstMatch(of: /OCTET STRING +\[HEX DUMP\]:([0-9A-F]+)/)
            {
                found.append(Extension(name: open, isCritical: isCritical, value: String(match.1)))
                name = nil
            }
        }
        return found
    }

    /// SHA-1 of the public key's bits, in upper-case hex.
    private func keyIdentifier(_ file: String, _ bits: Int, in directory: TemporaryDirectory) throws -> String
    {
        let key = "openssl x509 -in \(file) -noout -pubkey"
        let point = 2 * ((bits + 7) / 8) + 1
        let bytes =
            bits >= 2048
            ? "\(key) | openssl rsa -pubin -RSAPublicKey_out -outform DER"
            : "\(key) | openssl pkey -pubin -outform DER | tail -c \(point)"
        return try output("\(bytes) 2>/dev/null | sha1sum | cut -c1-40 | tr a-f A-F", in: directory)
    }

    private func makeBoth(_ directory: TemporaryDirectory) throws {
        _ = try output(
            """
            cfssl gencert -loglevel=5 -initca ca-csr.json | cfssljson -bare ca
            cfssl gencert -loglevel=5 -ca ca.pem -ca-key ca-key.pem -config config.json \
                -profile aggregator csr.json | cfssljson -bare leaf
            "$A" spec from-cfssl \(CFSSLFiles.arguments.joined(separator: " ")) spec.json
            "$A" init --root out --spec spec.json
            """, in: directory)
    }

    static let keys = [("rsa", 2048), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521)]

    @Test(arguments: keys) func equalButForWhatIsNamed(algorithm: String, bits: Int) throws {
        let files = try CFSSLFiles(key: #"{ "algo": "\#(algorithm)", "size": \#(bits) }"#)
        if algorithm == "rsa", bits == 2048, let folder = optionalTestData("cfssl") {
            // The tutorial's own files, where they are at hand.
            let copy = """
                for f in ca-config:config ca-csr:ca-csr csr:csr; do
                    cat "\(folder)/aggregator-${f%:*}.json" >${f#*:}.json; done
                """
            _ = try output(copy, in: files.directory)
        }
        let begun = Int64(Date().timeIntervalSince1970)
        try makeBoth(files.directory)
        let ended = Int64(Date().timeIntervalSince1970) + 1
        let node = "out/cp1/etc/kubernetes/ssl"
        let directory = files.directory
        let pairs = [("ca.pem", "\(node)/aggregator-ca.pem"), ("leaf.pem", "\(node)/aggregator.pem")]
        for (index, (theirFile, ourFile)) in pairs.enumerated() {
            let isCA = index == 0
            var theirs = try read(theirFile, in: directory)
            var ours = try read(ourFile, in: directory)
            let identifier = try keyIdentifier(ourFile, bits, in: directory)
            #expect(theirs.extensions.count == (isCA ? 3 : 5) && theirs.subject.count == 6)

            // Both begin 5 minutes ago; cfssl rounds to the minute.
            #expect((begun - 300...ended - 300).contains(ours.start))
            #expect((begun - 330...ended - 270).contains(theirs.start) && theirs.start % 60 == 0)
            (ours.start, theirs.start) = (0, 0)
            // Random both, of up to 20 bytes.
            #expect((17...20).contains(ours.serialBytes) && (17...20).contains(theirs.serialBytes))
            (ours.serialBytes, theirs.serialBytes) = (0, 0)

            // The subject key identifier is made in the same way from different keys.
            for (reading, file) in [(theirs, theirFile), (ours, ourFile)] {
                let own = try keyIdentifier(file, bits, in: directory)
                #expect(reading.extensions.first { $0.name.contains("Subject Key") }?.value == "0414\(own)")
            }
            theirs.extensions = theirs.extensions.map { $0.name.contains("Subject Key") ? blank($0) : $0 }
            ours.extensions = ours.extensions.map { $0.name.contains("Subject Key") ? blank($0) : $0 }

            // On purpose: the CA's name is its own, so that no two generations share one.
            let caIdentifier = try keyIdentifier(pairs[0].1, bits, in: directory)
            let generation = " \(caIdentifier.prefix(8).lowercased())"
            #expect(ours.issuer.last?.hasSuffix(generation) == true, "\(ours.issuer)")
            ours.issuer = ours.issuer.map { $0.replacingOccurrences(of: generation, with: "") }
            if isCA {
                #expect(ours.subject.last?.hasSuffix(generation) == true, "\(ours.subject)")
                ours.subject = ours.subject.map { $0.replacingOccurrences(of: generation, with: "") }
            }
            // On purpose: an authority key identifier, which cfssl leaves out for equal subjects.
            let added = ours.extensions.filter { $0.name == "X509v3 Authority Key Identifier" }
            #expect(added.map(\.isCritical) == [false] && added.map(\.value) == ["30168014\(caIdentifier)"])
            ours.extensions.removeAll { $0.name == "X509v3 Authority Key Identifier" }
            #expect(isCA ? identifier == caIdentifier : identifier != caIdentifier)
            // On purpose: pathlen:1, since the CA signs no other CA than its successor.
            if isCA, let at = ours.extensions.firstIndex(where: { $0.name == "X509v3 Basic Constraints" }) {
                #expect(ours.extensions[at].value == "30060101FF020101")
                ours.extensions[at].value = "30030101FF"
            }
            #expect(ours == theirs)
        }
        try compareFiles(node, algorithm, in: directory)
    }

    private func blank(_ extension: Extension) -> Extension {
        Extension(name: `extension`.name, isCritical: `extension`.isCritical, value: "")
    }

    /// The files' modes are the same; on purpose, keys are PKCS#8 here.
    private func compareFiles(_ node: String, _ algorithm: String, in directory: TemporaryDirectory) throws {
        #expect(
            fileMode(directory.file("leaf-key.pem")) == fileMode(directory.file("\(node)/aggregator-key.pem"))
        )
        #expect(fileMode(directory.file("leaf.pem")) == fileMode(directory.file("\(node)/aggregator.pem")))
        let headers = try output("head -qn1 leaf-key.pem \(node)/aggregator-key.pem", in: directory)
        let theirs = algorithm == "rsa" ? "RSA" : "EC"
        #expect(headers == "-----BEGIN \(theirs) PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----")
        // On purpose: outside Go, cfssl's pair of one subject does not verify, and this one does.
        let verify = "openssl verify -x509_strict -purpose sslclient -CAfile"
        #expect(try shell("\(verify) ca.pem leaf.pem", in: directory).status != 0)
        _ = try output("\(verify) \(node)/aggregator-ca.pem \(node)/aggregator.pem", in: directory)
    }
}
