// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A certificate or key of the state that is damaged, or is another one: nothing of it reaches a node.
@Suite struct StateDamageTests {
    struct Variant: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Run in a directory with the states `state` and `other`, with `$F` the file that is damaged.
        let damage: String
    }

    /// What may have become of a file; `N` is its name, the same for every owner.
    private static func variants(_ ca: String) -> [Variant] {
        [
            Variant(testDescription: "empty", damage: ": >$F"),
            Variant(testDescription: "truncated", damage: "truncate -s -60 $F"),
            Variant(testDescription: "one byte changed", damage: "sed -i '3s/./#/30' $F"),
            Variant(testDescription: "another node's", damage: "cp state/leaves/cp2/0001/$N $F"),
            Variant(testDescription: "another CA's", damage: "cp other/leaves/cp1/0001/$N $F"),
            Variant(testDescription: "the CA's own", damage: "cp state/ca/*/\(ca) $F"),
            Variant(testDescription: "a link elsewhere", damage: "ln -sf /etc/passwd $F"),
            Variant(
                testDescription: "exchanged",
                damage: "G=state/leaves/cp2/0001/$N; mv $F x && mv $G $F && mv x $G"),
        ]
    }

    static let certificates = variants("ca.pem")
    static let keys =
        variants("ca-key.pem") + [
            Variant(testDescription: "a certificate", damage: "cp state/leaves/cp1/0001/certificate.pem $F")
        ]
    private static let installed = "out/cp1/etc/kubernetes/ssl"

    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        try directory.write("correct horse\n", to: "secret")
        _ = try shell("chmod 600 secret", in: directory)
    }

    private func prepare(_ options: String) throws {
        let line = """
            $A init --spec cluster.json --root out --state state \(options) &&
            $A init --spec cluster.json --root elsewhere --state other \(options)
            """
        let result = try shell(line, in: directory)
        #expect(result.status == 0, "\(result.stderr)")
    }

    private func damage(_ variant: Variant, _ name: String) throws {
        let line = "N=\(name); F=state/leaves/cp1/0001/$N; \(variant.damage)"
        let result = try shell(line, in: directory)
        #expect(result.status == 0, "\(result.stderr)")
    }

    /// Every command that could use it refuses, and everything stays as it was.
    private func expectRefusal(_ commands: [String], _ name: String, _ options: String) throws {
        let before = treeListing(directory.path)
        for command in commands {
            let result = try shell(
                "$A \(command) --spec cluster.json --root out --state state \(options)", in: directory)
            #expect(result.status == 1, "\(command): \(result.stdout)\(result.stderr)")
            #expect(result.stderr.contains("[state/damaged]"), "\(command): \(result.stderr)")
            #expect(result.stderr.contains("/\(name): "), "\(command): \(result.stderr)")
            #expect(treeListing(directory.path) == before, "\(command)")
        }
    }

    @Test(arguments: certificates, ["", "--passphrase-file secret"])
    func aCertificate(variant: Variant, options: String) throws {
        try prepare(options)
        try damage(variant, "certificate.pem")
        try expectRefusal(["plan", "init", "rotate", "rotate --if-due"], "certificate.pem", options)
    }

    /// It is not read as long as nobody needs it: then it does no harm. Where it would be installed, it is seen first.
    @Test(arguments: keys, ["", "--passphrase-file secret"])
    func aKey(variant: Variant, options: String) throws {
        try prepare(options)
        let good = treeListing(directory.file("out"))
        try damage(variant, "key.pem")
        _ = try shell("$A init --spec cluster.json --root out --state state \(options)", in: directory)
        #expect(treeListing(directory.file("out")) == good)
        for lost in ["aggregator-key.pem", "aggregator.pem"] {
            #expect(try shell("mv \(Self.installed)/\(lost) .", in: directory).status == 0)
            try expectRefusal(["plan", "init"], "key.pem", options)
            #expect(try shell("mv \(lost) \(Self.installed)/", in: directory).status == 0)
        }
    }

    /// A plain key that came into an encrypted state is encrypted where it is the one that was issued only.
    @Test(arguments: [true, false]) func aPlainKeyUnderAPassphrase(isItsOwn: Bool) throws {
        let options = "--passphrase-file secret"
        try prepare(options)
        let source = "out/\(isItsOwn ? "cp1" : "cp2")/etc/kubernetes/ssl/aggregator-key.pem"
        #expect(try shell("cp \(source) state/leaves/cp1/0001/key.pem", in: directory).status == 0)
        if !isItsOwn { return try expectRefusal(["plan", "init"], "key.pem", options) }
        let line = "$A init --spec cluster.json --root out --state state \(options)"
        let result = try shell(line, in: directory)
        #expect(
            result.status == 0 && result.stdout.contains("done: 1 private key encrypted"),
            "\(result.stdout)\(result.stderr)")
        #expect(try shell(line, in: directory).stdout.contains("nothing to change"))
    }

    /// The CA's certificate is what its directory is named after, and its key is its own before anything is signed.
    @Test(arguments: [
        ("ca.pem", "cp other/ca/*/ca.pem $F"), ("ca.pem", "cp state/leaves/cp1/0001/certificate.pem $F"),
        ("ca.pem", "sed -i '3s/^..../AAAA/' $F"), ("ca.pem", "ln -sf /etc/passwd $F"),
        ("ca-key.pem", "cp other/ca/*/ca-key.pem $F"), ("ca-key.pem", ": >$F"),
        ("ca-key.pem", "cp state/leaves/cp1/0001/key.pem $F"),
    ]) func theCA(name: String, damage: String) throws {
        try prepare("")
        let result = try shell("F=$(echo state/ca/*/\(name)); \(damage)", in: directory)
        #expect(result.status == 0, "\(result.stderr)")
        try expectRefusal(["rotate"] + (name == "ca.pem" ? ["plan", "init"] : []), name, "")
    }

    /// Whole directories that were copied, exchanged or linked: each file in them fits the others.
    @Test(arguments: [
        ("0009", "cp -a state/leaves/cp2/0001 state/leaves/cp1/0009"),
        ("0001", "cp -a state/leaves/cp2/0001/. state/leaves/cp1/0001/"),
        ("0009", "cp -a state/leaves/cp1/0001 state/leaves/cp1/0009"),
        ("1", "cp -a state/leaves/cp1/0001 state/leaves/cp1/1"),
        ("0002", "ln -s 0001 state/leaves/cp1/0002"),
        ("cp1", "rm -r state/leaves/cp1 && ln -s cp2 state/leaves/cp1"),
        ("leaves", "mv state/leaves away && ln -s ../away state/leaves"),
        ("ca", "mv state/ca away && ln -s ../away state/ca"),
        ("CA", "F=$(basename state/ca/*); cp -a state/ca/$F state/ca/0009${F#0001}"),
    ]) func aDirectory(name: String, damage: String) throws {
        try prepare("")
        #expect(try shell(damage, in: directory).status == 0)
        let before = treeListing(directory.path)
        for command in ["plan", "init", "rotate"] {
            let result = try shell(
                "$A \(command) --spec cluster.json --root out --state state", in: directory)
            #expect(
                result.status == 1 && result.stderr.contains("[state/damaged]"),
                "\(name) \(command): \(result.stdout)\(result.stderr)")
            #expect(treeListing(directory.path) == before, "\(command)")
        }
    }

    /// A lock that a killed first run left is one of ours.
    @Test(arguments: ["", "123 on host since 2026-01-01T00:00:00Z"]) func aLockThatWasLeft(text: String)
        throws
    {
        let line = "mkdir s && printf '\(text)' >s/lock && $A init --spec cluster.json --root out --state s"
        let result = try shell(line, in: directory)
        #expect(result.status == 0, "\(result.stderr)")
    }

    /// The certificate before the newest one never takes its place: it is named, and goes on with a new one once the rest
    /// is moved away.
    @Test func theNewestIsLost() throws {
        try prepare("")
        let rotate = "$A rotate --spec cluster.json --root out --state state"
        #expect(try shell("\(rotate) && rm -r state/leaves/cp1/0002", in: directory).status == 0)
        try expectRefusal(["plan", "init", "rotate"], "cp1", "")
        let result = try shell("mv state/leaves/cp1 . && \(rotate)", in: directory)
        #expect(result.status == 0, "\(result.stderr)")
    }

    /// What is no state of this cluster stays as it was, a file called `lock` too.
    @Test(arguments: [
        ("mkdir s && echo theirs >s/cluster && echo precious >s/lock", "state/other-cluster"),
        ("mkdir t && echo precious >t/lock && ln -s t s", "state/not-a-directory"),
        ("echo precious >s", "state/not-a-directory"),
        ("mkdir s && echo precious >s/lock", "state/foreign-lock"),
        ("mkdir s && echo 'a b on c since d' >s/lock", "state/foreign-lock"),
        ("mkdir s && ln -s ../cluster.json s/lock", "state/foreign-lock"),
    ]) func aDirectoryOfOthers(made: String, code: String) throws {
        #expect(try shell(made, in: directory).status == 0)
        let before = treeListing(directory.path)
        let result = try shell("$A init --spec cluster.json --root out --state s", in: directory)
        #expect(result.status == 1 && result.stderr.contains("[\(code)]"), "\(result.stderr)")
        #expect(treeListing(directory.path) == before)
    }
}
