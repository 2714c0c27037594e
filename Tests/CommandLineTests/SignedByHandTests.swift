// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `certificates.ca.external`: requests are written, people have them signed, and the next run takes the certificates.
@Suite struct SignedByHandTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(
            """
            { "apiVersion": "aggbootstrap/v1", "cluster": "demo", "apiServer": { "flags": ["--secure-port=6443"] },
              "certificates": { "ca": { "certificate": "ca.pem", "external": true } },
              "nodes": [{ "name": "cp1", "address": "10.0.0.1" }, { "name": "cp2", "address": "10.0.0.2" }] }
            """, to: "aggbootstrap.json")
        _ = try sh(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca-key.pem -out ca.pem \
                -days 3650 -subj /CN=requestheader -addext keyUsage=critical,keyCertSign,cRLSign
            """)
    }

    private func sh(_ script: String) throws -> String {
        let result = try shell("set -e -o pipefail; \(script)", in: directory)
        try #require(result.status == 0, "\(script): \(result.stdout)\(result.stderr)")
        return result.stdout
    }

    private func program(_ words: String...) throws -> ProgramResult {
        try aggbootstrap(words + ["--root", "out"], in: directory)
    }

    /// What the owner of the CA does.
    private func sign(_ folder: String = "out/.state/requests", days: Int = 365) throws {
        _ = try sh(
            """
            for request in \(folder)/*.csr; do
                openssl x509 -req -in "$request" -CA ca.pem -CAkey ca-key.pem -days \(days) -copy_extensions copy \
                    -out "${request%.csr}.pem"
            done 2>/dev/null
            """)
    }

    private func expectWaiting(_ result: ProgramResult, at location: SourceLocation = #_sourceLocation) {
        #expect(result.status == 1, "\(result.stdout)\(result.stderr)", sourceLocation: location)
        #expect(result.stderr.contains("external/unsigned"), "\(result.stderr)", sourceLocation: location)
    }

    private func expectDone(_ result: ProgramResult, at location: SourceLocation = #_sourceLocation) throws {
        #expect(result.status == 0, "\(result.stdout)\(result.stderr)", sourceLocation: location)
        for node in ["cp1", "cp2"] {
            #expect(try problemsOfPair("out/\(node)", in: directory) == "", sourceLocation: location)
        }
        let plan = try program("plan", "--detailed-exitcode")
        #expect(plan.status == 0, "\(plan.stdout)", sourceLocation: location)
        #expect(try leftovers(in: directory) == "", sourceLocation: location)
        #expect(try waiting() == "", sourceLocation: location)
    }

    /// Requests and keys that are there for a certificate to come.
    private func waiting() throws -> String {
        try sh(
            "find out/.state/pending/* out/.state/requests/*.csr mail/*.csr -maxdepth 0 2>/dev/null || true")
    }

    @Test func requestsThenCertificatesThenRenewal() throws {
        let first = try program("init")
        expectWaiting(first)
        #expect(
            first.stderr.contains("2 certificates wait to be signed by CN=requestheader"), "\(first.stderr)")
        #expect(
            first.stderr.contains(
                "out/.state/requests/cp1.csr: put the certificate at out/.state/requests/cp1.pem"))
        #expect(!FileManager.default.fileExists(atPath: directory.file("out/cp1")))
        // Again: the same requests, the same keys.
        let before = treeListing(directory.file("out"))
        expectWaiting(try program("init"))
        #expect(treeListing(directory.file("out")) == before)
        #expect(try sh("grep -l PRIVATE out/.state/requests/* || true") == "")
        try sign()
        try expectDone(program("init"))
        #expect(try sh("ls out/.state/requests") == "cp1.pem\ncp2.pem\n" && sh("ls out/.state/pending") == "")
        // A renewal: the old pair stays in use until the answer is there; the old answer is none.
        let pair = try sh("sha256sum out/cp?/etc/kubernetes/ssl/*")
        expectWaiting(try program("rotate"))
        #expect(try sh("sha256sum out/cp?/etc/kubernetes/ssl/*") == pair)
        #expect(try program("plan", "--detailed-exitcode").status == 0)
        try sign()
        try expectDone(program("rotate"))
        #expect(try sh("sha256sum out/cp?/etc/kubernetes/ssl/*") != pair)
        expectWaiting(try program("rotate", "--limit", "cp2"))
        #expect(try sh("ls out/.state/pending") == "cp2\n")
    }

    @Test func theAnswerIsChecked() throws {
        expectWaiting(try program("init"))
        try sign(days: 20)
        let short = try program("init")
        #expect(short.status == 1 && short.stderr.contains("signed/too-short"), "\(short.stderr)")
        #expect(short.stderr.contains("the certificate out/.state/requests/cp1.pem"))
        try sign()
        _ = try sh("cd out/.state/requests; mv cp1.pem x; mv cp2.pem cp1.pem; mv x cp2.pem")
        #expect(try program("init").stderr.contains("signed/other-key"))
        _ = try sh("cd out/.state/requests; rm cp2.pem; mv cp1.pem cp2.pem")
        // The one that lacks is named alone.
        let one = try program("init")
        expectWaiting(one)
        #expect(one.stderr.contains("1 certificate waits") && !one.stderr.contains("cp2.csr"))
        #expect(!FileManager.default.fileExists(atPath: directory.file("out/cp1")))
        try sign()
        try expectDone(program("init"))
    }

    /// Of a node alone, to a folder of the operator's, under a passphrase.
    @Test func aFolderAndAPassphrase() throws {
        _ = try sh("umask 077; echo secret >phrase")
        let options = ["--csr-dir", "mail", "--passphrase-file", "phrase", "--root", "out"]
        func initialise(_ more: String...) throws -> ProgramResult {
            try aggbootstrap(["init"] + options + more, in: directory)
        }
        expectWaiting(try initialise("--limit", "cp1"))
        #expect(try sh("ls mail") == "cp1.csr\n")
        #expect(try sh("head -qn1 out/.state/pending/*/key.pem") == "-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
        try sign("mail")
        #expect(try initialise("--limit", "cp1").status == 0)
        #expect(try problemsOfPair("out/cp1", in: directory) == "")
        expectWaiting(try initialise())
        try sign("mail")
        try expectDone(initialise())
    }

    /// A request whose certificate is stored, or that nobody waits for any more, is taken away: it must not be signed again.
    @Test(arguments: ["answered", "node", "signer"]) func aRequestThatIsStale(why: String) throws {
        expectWaiting(try program("init"))
        _ = try sh("cp -a out/.state/requests kept-requests; cp -a out/.state/pending kept-pending")
        try sign()
        try expectDone(program("init"))
        // As a run that was killed behind the storing of the certificates leaves them.
        _ = try sh("cp -a kept-requests/*.csr out/.state/requests; cp -a kept-pending/. out/.state/pending")
        switch why {
        case "node":
            _ = try sh(
                """
                sed -i 's/{ "name": "cp2", "address": "10.0.0.2" }/{ "name": "cp3", "address": "10.0.0.2" }/' aggbootstrap.json
                rm -r out/.state/pending/cp1; rm out/.state/requests/cp1.csr
                """)
            expectWaiting(try program("init"))
            try sign()
        case "signer":
            _ = try sh(
                """
                printf '%s\\n' '#!/bin/sh' 'exec openssl x509 -req -CA ca.pem -CAkey ca-key.pem -days 365 -copy_extensions copy' >sign
                chmod 755 sign; sed -i "s|\"external\": true|\"signer\": {\"command\": [\"$PWD/sign\"]}|" aggbootstrap.json
                """)
        default: break
        }
        _ = try sh("rm out/cp1/etc/kubernetes/ssl/aggregator-ca.pem")
        let done = try program("init")
        #expect(done.status == 0, "\(done.stdout)\(done.stderr)")
        #expect(try waiting() == "", "\(done.stderr)")
    }

    /// SIGKILL at each rename of the run that writes requests and of the one that takes the certificates.
    @Test func killedAnywhere() throws {
        let calls = "?rename,?renameat,?renameat2"
        func killed(at number: Int) throws -> Bool {
            let line = """
                LIBDISPATCH_COOPERATIVE_POOL_STRICT=1 strace -f -qq -o /dev/null -e trace='\(calls)' \
                -e inject='\(calls)':signal=SIGKILL:when=\(number) $A init --root out
                """
            return try shell(line, in: directory).status == 137
        }
        for phase in ["requests", "certificates"] {
            var kills = 0
            while kills < 60 {
                _ = try sh("rm -rf out")
                if phase == "certificates" {
                    expectWaiting(try program("init"))
                    try sign()
                }
                guard try killed(at: kills + 1) else { break }
                kills += 1
                let next = try program("init")
                if next.status == 1 {
                    try sign()
                    try expectDone(program("init"))
                } else {
                    try expectDone(next)
                }
                // What comes next is a new key.
                expectWaiting(try program("rotate", "--limit", "cp1"))
            }
            #expect((2..<60).contains(kills), "\(phase)")
        }
    }
}
