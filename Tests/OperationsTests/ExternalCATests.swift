// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import Operations
@testable import PKI
@testable import Planning
@testable import Spec
@testable import StateStore
@testable import Values

/// A CA whose key is elsewhere, which openssl(1) has here.
struct ElsewhereCA {
    let directory: TemporaryDirectory
    let name: String

    init(_ name: String, in directory: TemporaryDirectory, days: Int = 3650) throws {
        (self.directory, self.name) = (directory, name)
        try run(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(name)-key.pem \\
                -out \(name).pem -days \(days) -subj /CN=\(name) -addext keyUsage=critical,keyCertSign,cRLSign
            """)
    }

    var certificate: Certificate {
        get throws {
            try Certificate.parse(pem: FileReader.read(directory.file("\(name).pem")) ?? [], path: name)
        }
    }

    /// Lets the signer sign with it, and the spec name it.
    func use() throws {
        try run("cp \(name).pem ca.pem; cp \(name)-key.pem signing-key.pem; cp \(name).pem signing.pem")
    }

    func run(_ line: String) throws {
        let program = PipedProgram("bash", ["-ec", "cd \(directory.path); \(line)"], timeoutSeconds: 60)
        let result = try program.run(input: [])
        try #require(result.ending == .exited(0), "\(line): \(result.errors)")
    }

    /// A signer that counts its calls in `calls`, and what a spec says of it.
    static func spec(in directory: TemporaryDirectory, perNode: Bool = true) throws -> String {
        let script = try directory.write(
            """
            #!/bin/bash
            cd \(directory.path)
            echo call >>calls
            [ -e broken ] && { echo 'the CA is away' >&2; exit 7; }
            exec openssl x509 -req -CA signing.pem -CAkey signing-key.pem -days "$(cat days)" -copy_extensions copy
            """, to: "sign")
        try directory.write("365", to: "days")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        return """
            "certificates": {
              "ca": { "certificate": "\(directory.file("ca.pem"))", "signer": { "command": ["\(script)"] } },
              "proxyClient": { "perNode": \(perNode) } },
            """
    }
}

@Suite struct ExternalCATests {
    private let cluster: OfflineCluster
    private let ca: ElsewhereCA
    /// When the runs are: openssl(1) has this machine's clock and back-dates nothing, and a busy machine takes its time.
    private var later: UnixTime { LocalHost.now().advanced(bySeconds: 3600) }

    init() throws {
        cluster = try OfflineCluster()
        try cluster.directory.write(
            OfflineCluster.spec(ElsewhereCA.spec(in: cluster.directory), nodes: ["cp1", "cp2"]),
            to: "cluster.json")
        ca = try ElsewhereCA("corp", in: cluster.directory)
        try ca.use()
    }

    private var calls: Int {
        get throws {
            (try FileReader.read(cluster.directory.file("calls")) ?? []).count { $0 == UInt8(ascii: "\n") }
        }
    }

    private func converge(in days: Int64 = 0) async throws -> ApplyOutcome {
        try await cluster.converge(at: later.advanced(bySeconds: days * 86400))
    }

    private func failure(in days: Int64 = 0) async -> ErrorReport? {
        do {
            _ = try await converge(in: days)
            return nil
        } catch { return ErrorReport(error) }
    }

    @Test(arguments: [true, false]) func itSignsForEveryNode(perNode: Bool) async throws {
        try cluster.directory.write(
            OfflineCluster.spec(
                ElsewhereCA.spec(in: cluster.directory, perNode: perNode), nodes: ["cp1", "cp2"]),
            to: "cluster.json")
        #expect(try await converge().issued == (perNode ? 2 : 1))
        #expect(try calls == (perNode ? 2 : 1))
        for node in ["cp1", "cp2"] { #expect(try cluster.opensslVerify(node, at: later) == "OK") }
        let inventory = try cluster.state.inventory()
        let current = try #require(inventory.current)
        #expect(try current.certificate == ca.certificate.summary && current.isExternal && !current.hasKey)
        #expect(try Ledger(state: cluster.state).openRotation() == nil)
        #expect(try await converge().isNothing)
        #expect(try calls == (perNode ? 2 : 1))
        // Due after two thirds of a year; nothing was due before.
        #expect(try await converge(in: 200).isNothing)
    }

    /// Before anything is stored: a run that fails leaves nothing behind.
    @Test func aSignerThatFails() async throws {
        try cluster.directory.write("", to: "broken")
        let error = await failure()
        #expect(error?.code == "signer/failed" && error?.status == .failed, "\(error as Any)")
        #expect(
            error?.message.contains("ended with status 7") == true && error?.details == ["the CA is away"])
        #expect(try cluster.state.inventory() == StateInventory(directory: cluster.state.path))
        try ca.run("rm broken; printf '#!/bin/sh\\nexit 0\\n' >sign")
        #expect(await failure()?.code == "signed/unreadable")
        try ca.run("rm sign")
        let missing = await failure()
        #expect(missing?.code == "signer/not-started" && missing?.hint?.contains("sign") == true)
        #expect(try cluster.state.inventory() == StateInventory(directory: cluster.state.path))
    }

    @Test func whatItReturnsIsChecked() async throws {
        let other = try ElsewhereCA("other", in: cluster.directory)
        try ca.run("cp other.pem signing.pem; cp other-key.pem signing-key.pem")
        let error = await failure()
        #expect(error?.code == "signed/other-ca", "\(error as Any)")
        #expect(error?.message.contains("CN=other signed it, expected CN=corp") == true)
        #expect(error?.message.hasPrefix("cannot use the certificate that ") == true)
        _ = other
        try ca.use()
        try cluster.directory.write("30", to: "days")
        #expect(await failure()?.code == "signed/too-short")
        #expect(try cluster.state.inventory() == StateInventory(directory: cluster.state.path))
    }

    @Test func theFileOfTheCA() async throws {
        let file = cluster.directory.file("ca.pem")
        try ca.run(
            "openssl req -x509 -newkey ed25519 -nodes -keyout x.key -out x.pem -days 9 -subj /CN=x "
                + "-addext basicConstraints=critical,CA:FALSE 2>/dev/null; cat corp.pem x.pem >two.pem; cat corp.pem corp-key.pem >key.pem"
        )
        let cases = [
            ("rm ca.pem", "external/no-file"), ("echo >ca.pem", "external/unreadable"),
            ("cp key.pem ca.pem", "external/unreadable"), ("cp two.pem ca.pem", "external/not-one"),
            ("cp x.pem ca.pem", "external/not-a-ca"),
        ]
        for (line, code) in cases {
            try ca.run(line)
            let error = await failure()
            #expect(error?.code == code && error?.message.contains(file) == true, "\(error as Any)")
            #expect(error?.hint?.isEmpty == false)
        }
        try ca.use()
        #expect(await failure(in: 4000)?.code == "external/expired")
        #expect(await failure(in: -2)?.code == "external/not-yet-valid")
        #expect(try calls == 0)
    }

    /// `init` does not change CAs, whichever of the two is new.
    @Test func anotherCAIsForRotate() async throws {
        _ = try await converge()
        try ElsewhereCA("next", in: cluster.directory).use()
        let error = await failure()
        #expect(
            error?.code == "external/other-ca" && error?.hint?.contains("rotate --ca") == true,
            "\(error as Any)")
        try ca.use()
        #expect(try await converge().isNothing)
        // Back to a CA of our own: nothing can be signed, and that is for a rotation too.
        try cluster.directory.write(OfflineCluster.spec(nodes: ["cp1", "cp2", "cp3"]), to: "cluster.json")
        let own = await failure()
        #expect(own?.code == "plan/no-ca-key" && own?.hint?.contains("rotate --ca") == true, "\(own as Any)")
    }

    /// A CA that was made here, whose key has been moved to where the signer has it.
    @Test func aKeyThatWasMoved() async throws {
        try cluster.directory.write(OfflineCluster.spec(), to: "cluster.json")
        _ = try await converge()
        let state = cluster.state.path
        try ca.run(
            "cp \(state)/ca/*/ca.pem ca.pem; cp ca.pem signing.pem; mv \(state)/ca/*/ca-key.pem signing-key.pem"
        )
        try cluster.directory.write(
            OfflineCluster.spec(ElsewhereCA.spec(in: cluster.directory), nodes: ["cp1", "cp2"]),
            to: "cluster.json")
        #expect(try await converge().issued == 1)
        #expect(try cluster.opensslVerify("cp2", at: later) == "OK" && calls == 1)
        #expect(try await converge().isNothing)
    }

    /// An intermediate CA is an anchor like any other.
    @Test func anIntermediateCA() async throws {
        try ca.run(
            """
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout signing-key.pem -subj /CN=issuing -out i.csr
            printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign\\n' >i.ext
            openssl x509 -req -in i.csr -CA corp.pem -CAkey corp-key.pem -days 3000 -extfile i.ext -out signing.pem
            cp signing.pem ca.pem
            """)
        #expect(try await converge().issued == 2)
        #expect(try await converge().isNothing)
        #expect(try cluster.state.inventory().current?.certificate.issuer == "CN=corp")
    }

    /// The state directory is lost: the CA on the nodes is the spec's, so there is nothing foreign about it.
    @Test func aLostState() async throws {
        _ = try await converge()
        try ca.run("rm -r \(cluster.state.path)")
        #expect(try await converge().issued == 2)
        #expect(try await converge().isNothing)
    }

    /// The CA's end is near and the next one is not there yet: leaves go on, and are not held up.
    @Test func leavesGoOnUntilTheNextCAIsThere() async throws {
        let old = try ElsewhereCA("old", in: cluster.directory, days: 400)
        try old.use()
        _ = try await converge()
        let run = try cluster.run(at: later.advanced(bySeconds: 300 * 86400))
        try cluster.directory.write("60", to: "days")
        let found = try await Renewal(run, rule: .twoThirds, .init(reloadSeconds: 0)).find()
        guard case .leaves = found else {
            Issue.record("\(found)")
            return
        }
        try ca.use()
        let next = try Renewal(run, rule: .twoThirds, .init(reloadSeconds: 0))
        // The next one is there: it is replaced now, on running control planes.
        await #expect(throws: BootstrapError.self) { try await next.find() }
    }
}
