// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import PKI
import Planning
import Secrets
import Spec
import SystemdBus
import SystemdUnits
import TLS
import Values

/// Reads everything about a node that a plan needs; changes nothing.
struct Observer {
    let spec: ClusterSpec
    let access: ObservedNode.Access
    let link: NodeLink
    let reader: CertificateReader
    /// The base unit of `--base-unit`, used where the node has none.
    let baseUnit: GivenBase?
    /// The files of `--base-file` by path, used where the node has none.
    var baseFiles: [String: GivenFile] = [:]
    let now: @Sendable () -> UnixTime

    private var node: any NodeTransport { link.node }
    private var process: ProcessReader { ProcessReader(spec: spec, node: node) }

    /// - Throws: what could not be read, and why.
    func observe(_ nodeSpec: NodeSpec) async throws -> ObservedNode {
        if access == .offline { try checkTree() }
        let isExternal = spec.apiServer.isExternal
        // It is what says that there are several.
        let found = try link.external?.current()
        // It may wait for a job of systemd's, so that nothing is read before.
        let state = try await link.units?.settledUnit(spec.apiServer.unit)
        try readAhead(state)
        defer { node.forgetAhead() }
        if !isExternal { try checkDropInDirectory() }
        let observedUnit = isExternal ? try externalUnit(found, state) : try unit(state)
        let (certificates, files) = (spec.certificates, NodeFiles(node: node, reader: reader))
        func path(_ name: String) -> String { "\(certificates.directory)/\(name)" }
        let flags = flagSets(observedUnit)
        try node.readAhead(namedFiles(flags, observedUnit), digests: [])
        let ca = try files.observe(path(certificates.files.ca))
        let flagsFile = try flagsFile(files, observedUnit)
        var observed = ObservedNode(
            name: nodeSpec.name, access: access, ownerIDs: try process.ownerIDs(observedUnit, access),
            directory: try files.observe(certificates.directory), ca: ca,
            certificate: try files.observe(path(certificates.files.certificate)),
            key: try files.observe(path(certificates.files.key), isSecret: true),
            flags: flagsFile,
            installedLeaf: try files.certificate(path(certificates.files.certificate))?.summary,
            requestHeaderCAs: try requestHeaderCAs(
                files, ours: ca.path, flagSets(observedUnit, with: ownDropIn(flagsFile)), observedUnit),
            clientCA: try clientCA(files, flags, observedUnit), unit: observedUnit,
            apiServer: try await apiServer(nodeSpec, observedUnit, flags), transaction: try transaction(),
            clockOffset: try clockOffset(nodeSpec))
        observed.hasUnbegunCopies = try access == .live && NodeTransaction.hasUnbegun(spec, on: node)
        observed.caPathInUse = inUse("requestheader-client-ca-file", observedUnit)
        observed.pairInUse = try pairInUse(files, observedUnit, unlike: [observed.certificate, observed.key])
        return observed
    }

    /// - Parameter own: the spec's certificate and key.
    private func pairInUse(
        _ files: NodeFiles, _ unit: ObservedUnit?, unlike own: [ObservedFile]
    ) throws -> PairInUse? {
        guard let certificate = inUse("proxy-client-cert-file", unit),
            let key = inUse("proxy-client-key-file", unit), certificate.isAbsolutePath,
            key.isAbsolutePath, [certificate, key].bytes != own.map(\.path).bytes,
            let leaf = try files.certificate(certificate)?.summary
        else { return nil }
        return PairInUse(
            certificate: try files.observe(certificate), key: try files.observe(key, isSecret: true),
            leaf: leaf)
    }

    /// The file that a flag of the running kube-apiserver names.
    private func inUse(_ flag: String, _ unit: ObservedUnit?) -> String? {
        guard let running = unit?.live?.runningArguments else { return nil }
        return paths(flag, [EffectiveFlags.parse(commandLine: running)], unit).first
    }

    /// The file that the spec's flags are written into; of a kube-apiserver that something else runs there is none.
    private func flagsFile(_ files: NodeFiles, _ unit: ObservedUnit?) throws -> ObservedFile {
        if spec.apiServer.isExternal { return ObservedFile(path: "") }
        let target = FlagsTarget.resolve(spec, unit: unit, access: access)
        return try files.observe(target?.path ?? UnitPaths.dropIn(of: spec.apiServer.unit))
    }

    /// What is known to be read, before it is read.
    private func readAhead(_ state: UnitState?) throws {
        let certificates = spec.certificates
        let unit = spec.apiServer.unit
        let dropIn = UnitPaths.dropIn(of: unit)
        let places =
            (spec.apiServer.isExternal ? [] : [dropIn.splitPath.directory, dropIn]) + [certificates.directory]
        let names = [certificates.files.ca, certificates.files.certificate]
        let given = [spec.apiServer.environmentFile?.path, spec.apiServer.clientCAFile, state?.fragmentPath]
        try node.readAhead(
            places + names.map { "\(certificates.directory)/\($0)" } + given.compactMap { $0 }
                + (state?.dropInPaths ?? []) + NodeTransaction.observed(unit: unit),
            digests: ["\(certificates.directory)/\(certificates.files.key)"])
    }

    /// The CAs that the flags name.
    private func namedFiles(_ flags: [EffectiveFlags], _ unit: ObservedUnit?) -> [String] {
        let client = spec.apiServer.clientCAFile == nil ? paths("client-ca-file", flags, unit).prefix(1) : []
        return (paths("requestheader-client-ca-file", flags, unit) + client).filter(\.isAbsolutePath)
    }

    /// What the node's clock shows while ours shows two moments around it; a difference within them, or of a second,
    /// is none.
    private func clockOffset(_ nodeSpec: NodeSpec) throws -> Int64 {
        guard access == .live, !nodeSpec.local else { return 0 }
        let before = now().seconds
        let there = try node.clock().seconds
        let after = now().seconds
        if there > after + 1 { return there - after }
        return there < before - 1 ? there - before : 0
    }

    /// The node's directory is ours to make, so a link there is none of ours: it would put a private key elsewhere.
    private func checkTree() throws {
        guard let kind = try node.status("/")?.kind, kind != .directory else { return }
        guard kind == .symbolicLink else {
            throw BootstrapError(
                "root/not-a-directory", "\(node.display("")) is not a directory",
                hint: "move it away: the node's files are written to a directory of that name")
        }
        throw BootstrapError(
            "root/symbolic-link",
            "\(node.display("")) is a symbolic link: the node's files and its private key would be written elsewhere",
            hint: "replace it by a directory, or use --root with the directory that holds the real one")
    }

    /// systemd would call our drop-in by another path than we do.
    private func checkDropInDirectory() throws {
        let directory = AtomicFileWriter.split(UnitPaths.dropIn(of: spec.apiServer.unit)).directory
        guard try node.status(directory)?.kind == .symbolicLink else { return }
        throw BootstrapError(
            "unit/linked-directory", "\(node.display(directory)) is a symbolic link",
            hint: access == .offline
                ? "make it a real directory with the same files, then run it again"
                : "make it a real directory with the same files, run systemctl daemon-reload, then run it again"
        )
    }

    // MARK: - The unit

    /// - Parameter state: what systemd says; nil offline.
    private func unit(_ state: UnitState?) throws -> ObservedUnit? {
        let own = UnitPaths.dropIn(of: spec.apiServer.unit)
        // Where an environment file gets the flags, a drop-in of ours is as any other.
        let isOthers = spec.apiServer.flagsIn == .environmentFile
        let files = UnitFiles(node: node, unit: spec.apiServer.unit, own: isOthers ? nil : own)
        guard var unit = try readUnit(files, state) else { return nil }
        // It is asked for where it decides: a drop-in of an earlier run stays what gets the flags.
        switch FlagsTarget.resolve(spec, unit: unit, access: access) {
        case .environmentFile? where !isOthers, .kept?: unit.hasOwnDropIn = try node.status(own) != nil
        case .environmentFile, .dropIn, .inertDropIn, .unit, nil: break
        }
        return unit
    }

    /// The unit of --base-unit.
    private func givenUnit(_ files: UnitFiles) throws -> ObservedUnit? {
        try baseUnit.map { try files.observeWaiting($0.text, given: baseFiles) }
    }

    /// The node's own unit, beside which no other one was given.
    private func checked(_ unit: ObservedUnit) throws -> ObservedUnit {
        guard let fragment = unit.base.first else { return unit }
        // The whole unit that an earlier run has written is written again, whatever was given.
        if RenderedUnit.isWholeUnit(fragment, of: spec.apiServer.unit),
            case .unit = FlagsTarget.resolve(spec, unit: unit, access: access)
        {
            return unit
        }
        try baseUnit?.check(against: fragment, at: node.display(fragment.path), access: access)
        return unit
    }

    private func readUnit(_ files: UnitFiles, _ state: UnitState?) throws -> ObservedUnit? {
        guard let state else {
            return try files.observeInTree(given: baseFiles).map(checked) ?? givenUnit(files)
        }
        guard state.loadState != "not-found" else { return try givenUnit(files) }
        guard state.id == spec.apiServer.unit || state.id.isEmpty else {
            throw BootstrapError(
                "unit/alias", "\(spec.apiServer.unit) is an alias of \(state.id)",
                hint: "name \(state.id) in apiServer.unit")
        }
        guard state.loadState == "loaded" else {
            let cause: Message = state.loadError.map { ": \($0)" } ?? ""
            throw BootstrapError(
                "unit/not-loaded",
                "systemd has not loaded \(spec.apiServer.unit): its load state is \(state.loadState)\(cause)",
                hint:
                    "see systemctl status \(spec.apiServer.unit) and systemd-analyze verify, fix the unit, then run "
                    + "systemctl daemon-reload")
        }
        guard let fragment = state.fragmentPath else { return nil }
        let dropIns = try files.dropIns(loaded: state.dropInPaths)
        var unit = try checked(files.observe(try files.texts([fragment] + dropIns.paths)))
        unit.live = try process.live(state)
        if dropIns.areOthers { unit.live?.needDaemonReload = true }
        return unit
    }

    /// The process that runs kube-apiserver, in the place of a unit; nil offline.
    private func externalUnit(
        _ found: ExternalAPIServer.Found?, _ state: UnitState?
    ) throws -> ObservedUnit? {
        guard let state else { return nil }
        var unit = try ExternalServerReader(spec: spec, node: node).observe(found)
        unit.live = try process.live(state, found?.arguments)
        unit.live?.stateText = found == nil ? "not running" : "running"
        return unit
    }

    // MARK: - The flags in effect

    /// The flags that run now, and those that the files say, as far as each is known.
    private func flagSets(_ unit: ObservedUnit?, with own: UnitText? = nil) -> [EffectiveFlags] {
        guard let unit else { return [] }
        var sets: [EffectiveFlags] = []
        if let running = unit.live?.runningArguments {
            sets.append(EffectiveFlags.parse(commandLine: running))
        }
        if let service = try? EffectiveService(
            unit: spec.apiServer.unit, sources: unit.base + [own].compactMap { $0 },
            environmentFiles: unit.environmentFiles),
            let command = try? service.command(unit: spec.apiServer.unit)
        {
            sets.append(EffectiveFlags.parse(commandLine: service.arguments(of: command)))
        }
        return sets
    }

    /// Our drop-in, which may replace what the unit's own files say; nil where there is none.
    private func ownDropIn(_ file: ObservedFile) -> UnitText? {
        guard let content = file.content, file.path == UnitPaths.dropIn(of: spec.apiServer.unit) else {
            return nil
        }
        return try? UnitText(path: file.path, bytes: content)
    }

    private func requestHeaderCAs(
        _ files: NodeFiles, ours: String, _ flags: [EffectiveFlags], _ unit: ObservedUnit?
    ) throws -> [ObservedBundle] {
        var paths = [ours]
        for path in self.paths("requestheader-client-ca-file", flags, unit)
        where !paths.containsBytes(path) {
            paths.append(path)
        }
        return try paths.compactMap { try files.bundle($0) }
    }

    /// The values of a flag that names a file. An empty one is none; so is that of a variable which is not known.
    private func paths(_ flag: String, _ flags: [EffectiveFlags], _ unit: ObservedUnit?) -> [String] {
        let service = unit.flatMap { try? EffectiveService(unit: spec.apiServer.unit, sources: $0.base) }
        return flags.compactMap { $0.string(flag) }.filter { !$0.isEmpty }
            .map { (service?.absolutePath($0) ?? $0).plainPath }
    }

    private func clientCA(
        _ files: NodeFiles, _ flags: [EffectiveFlags], _ unit: ObservedUnit?
    ) throws -> ObservedBundle? {
        let path = spec.apiServer.clientCAFile ?? paths("client-ca-file", flags, unit).first
        return try path.flatMap { try files.bundle($0) }
    }

    // MARK: - The running API server

    private func apiServer(
        _ nodeSpec: NodeSpec, _ unit: ObservedUnit?, _ flags: [EffectiveFlags]
    ) async throws -> ObservedAPIServer? {
        guard let live = unit?.live, live.activity != .stopped, let flags = flags.first else { return nil }
        let connection = try APIServerConnection(spec: spec, nodeSpec: nodeSpec, flags: flags, link: link)
        // After an interrupted change the API server may have been started a moment ago.
        let deadline = ContinuousClock.now + .seconds(try transaction() == nil ? 0 : RunningUnit.readySeconds)
        var answer = await connection.observe()
        while !answer.isSettled, live.activity == .running, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(250))
            answer = await connection.observe()
        }
        return answer
    }

    private func transaction() throws -> OpenTransaction? {
        guard access == .live, let open = try NodeTransaction.open(unit: spec.apiServer.unit, on: node) else {
            return nil
        }
        return OpenTransaction(
            startedAt: open.startedAt, baseDigests: open.baseDigests, wasServing: open.wasServing,
            cause: open.cause, isDone: open.isDone)
    }
}
