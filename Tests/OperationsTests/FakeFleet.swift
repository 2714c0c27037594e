// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestSupport

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import Operations
@testable import Planning
@testable import Proofs
@testable import Spec
@testable import StateStore
@testable import SystemdBus
@testable import SystemdUnits
@testable import TLS
@testable import Values

/// Control planes that look like remote ones to the program: real files, a systemd and a kube-apiserver of the test's own.
final class FakeFleet: Sendable {
    static let unit = "kube-apiserver.service"

    let directory: TemporaryDirectory
    let machines: [FakeMachine]
    /// What must never be: a kube-apiserver that is down while another one does not serve, or a key that is not its
    /// certificate's.
    private let faults = Mutex<[String]>([])
    private let specFile: String

    init(_ names: [String] = ["cp1", "cp2", "cp3"], setup: FakeSetup = .bare) throws {
        directory = try TemporaryDirectory(inMemory: true)
        let key = #""key": { "algorithm": "ecdsa", "size": 256 }"#
        specFile = try directory.write(
            Self.spec(#""certificates": { "ca": { \#(key) }, "proxyClient": { \#(key) } },"#, names),
            to: "cluster.json")
        machines = try names.map { [directory] in try FakeMachine($0, in: directory, setup) }
    }

    private static func spec(_ members: String, _ names: [String]) -> String {
        let nodes = names.enumerated().map { "{ \"name\": \"\($1)\", \"address\": \"192.0.2.\($0 + 1)\" }" }
        return """
            { "apiVersion": "aggbootstrap/v1", "cluster": "demo", \(members)
              "nodes": [\(nodes.joined(separator: ", "))] }
            """
    }

    /// - Parameter members: of the spec, with a comma behind them.
    func rewriteSpec(_ members: String) throws {
        try directory.write(Self.spec(members, names), to: "cluster.json")
    }

    /// What a command would say of what stopped it; nil where nothing did.
    static func report(_ body: () async throws -> Void) async -> ErrorReport? {
        do {
            try await body()
            return nil
        } catch let failure as Change.Failure {
            return ErrorReport(failure.cause)
        } catch {
            return ErrorReport(error)
        }
    }

    var names: [String] { machines.map(\.name) }
    var files: [[String: [UInt8]?]] { machines.map(\.files) }
    var allServe: Bool { machines.allSatisfy(\.serves) }
    var allAreNew: Bool { machines.allSatisfy(\.isNew) }
    var noneIsNew: Bool { !machines.contains(where: \.isNew) }
    /// What was seen of what must never be.
    var faultsSeen: [String] { faults.withLock { $0 } }

    /// The locks of those who are not heard any more end by themselves.
    func freeLocks() { for machine in machines { machine.lock.pass(to: nil) } }

    private func isDown(_ machine: FakeMachine) {
        let others = machines.filter { $0.name != machine.name && !$0.serves }.map(\.name)
        if !others.isEmpty { note("\(machine.name) restarts while \(others) do not serve") }
    }

    private func hasNewFiles(_ machine: FakeMachine) {
        if !machine.hasWholePair { note("\(machine.name) has a key that is not its certificate's") }
    }

    private func note(_ fault: String) { faults.withLock { $0.append(fault) } }

    /// A run of an operator's; each has its own connections.
    func run(_ journal: Journal = Journal()) throws -> Run {
        let machines = Dictionary(uniqueKeysWithValues: machines.map { ($0.name, $0) })
        var effects = Effects(
            now: LocalHost.now, progress: journal.mark,
            systemBus: {
                throw BusError(.unavailable, operation: "open", subject: "it", underlying: "a test")
            })
        effects.link = { [self] node in
            guard let machine = machines[node.name] else { throw CancellationError() }
            return NodeLink(
                node: JournaledNode(
                    machine.root, journal, name: node.name, lock: machine.lock,
                    fdinfo: { machine.server.fdinfo }, renamed: { self.hasNewFiles(machine) }),
                units: JournaledUnits(machine.systemd, journal, name: node.name, lock: machine.lock) {
                    self.isDown(machine)
                },
                tunnel: nil, server: { _, _ in machine.server })
        }
        return try Run(RunRequest(specFile: specFile, state: directory.file("state")), effects: effects)
    }

    /// What `init` does.
    /// - Throws: what it is refused for, or what stopped it.
    @discardableResult
    func converge(_ journal: Journal = Journal()) async throws -> Change.Result {
        do {
            return try await Change.toSpec(try run(journal)).perform(SilentAttendant())
        } catch let failure as Change.Failure {
            throw failure.cause
        }
    }

    /// Whether nothing is left to do.
    var isConverged: Bool {
        get async throws {
            let preparation = try await Change.toSpec(try run()).prepare()
            return preparation.plan.isEmpty && preparation.refusal == nil
        }
    }

    /// What `converge` throws; nil where it succeeds.
    func failure(_ journal: Journal = Journal()) async -> ErrorReport? {
        do {
            try await converge(journal)
            return nil
        } catch {
            return ErrorReport(error)
        }
    }

    /// What `rotate` does, without a canary.
    func rotateLeaves(_ allow: (inout Run) -> Void = { _ in }) async throws {
        var run = try run()
        run.request.options.renewal = .always
        allow(&run)
        let options = LeafRotation.Options(reloadSeconds: 0, witness: .init(isWanted: false))
        do { try await LeafRotation.change(run, options).perform(SilentAttendant()) } catch let failure
            as Change.Failure
        { throw failure.cause }
    }

    /// What `uninstall` does.
    @discardableResult
    func uninstall(
        _ journal: Journal = Journal(), options: UninstallOptions = .init(),
        _ allow: (inout Run) -> Void = { _ in }
    ) async throws -> Change.Result {
        var run = try run(journal)
        allow(&run)
        do { return try await Change.away(run, options).perform(SilentAttendant()) } catch let failure
            as Change.Failure
        { throw failure.cause }
    }

    /// What `rotate --ca` does, without extension servers.
    @discardableResult
    func rotate(
        _ journal: Journal = Journal(), _ allow: (inout Run) -> Void = { _ in }
    ) async throws -> ConvergedRotation {
        var options = RotationOptions()
        options.acceptsUnseenExtensions = true
        (options.soakSeconds, options.watchSeconds, options.reloadSeconds) = (0, 0, 0)
        var run = try run(journal)
        allow(&run)
        return try await CARotation(run, options: options).converge(try run.lockExisting())
    }
}

extension FakeFleet {
    /// `rotate --ca`, up to three times, each going wrong at a step that is drawn.
    /// - Parameters:
    ///   - what: the case, for messages.
    ///   - steps: the last step that may be drawn.
    ///   - check: what holds after each, with what happened.
    /// - Returns: whether one came through.
    func rotateGoingWrong(
        _ what: String, within steps: Int, _ random: inout SeededGenerator, check: (String) throws -> Void
    ) async throws -> Bool {
        for attempt in 0..<3 {
            let step = Int.random(in: 1...steps, using: &random)
            let fates: [Journal.Fate] = [.failed, .lost, .lostBehind, .lockLost]
            let fate = fates.randomElement(using: &random) ?? .failed
            let journal = Journal { number, _ in number == step ? fate : .done }
            var error: (any Error)?
            do { try await rotate(journal) } catch let failure { error = failure }
            let place = journal.steps.count >= step ? journal.steps[step - 1] : "nowhere"
            try check(
                "\(what): \(fate) at \(step), \(place), attempt \(attempt): \(error.map { "\($0)" } ?? "done")"
            )
            freeLocks()
            if error == nil { return true }
        }
        return false
    }
}

/// An operator who says yes.
struct SilentAttendant: ChangeAttendant {
    var onlyPlans: Bool { false }
    func timed<Value>(
        _ step: Change.Step, _ body: () async throws -> Value
    ) async rethrows -> Value { try await body() }
    func show(_ preparation: Preparation) {}
    func consent(to preparation: Preparation) {}
    func show(_ result: Change.Result) {}
}
