// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits
@testable import Values

/// A one-node cluster in memory: what the state holds, what the node shows, and what applying a plan makes of both.
struct PlanWorld {
    var spec: ClusterSpec
    var inventory = StateInventory()
    var node: ObservedNode
    var now = UnixTime(year: 2026, month: 1, day: 1)
    var options = Planner.Options()
    private var serial = 0

    static let baseUnit = """
        [Service]
        Type=notify
        ExecStart=/usr/local/bin/kube-apiserver --secure-port=6443 --client-ca-file=/etc/kubernetes/pki/ca.crt
        User=kube
        """
    static let basePath = "/usr/lib/systemd/system/kube-apiserver.service"

    enum Unit {
        case none
        case base(String, running: Bool)
    }

    /// Nothing is on the node but, perhaps, a unit without aggregation flags.
    init(_ access: ObservedNode.Access, unit: Unit, members: String = "") throws {
        spec = try ClusterSpec.parse(Array(PlanningTests.spec(members).utf8), fileName: "cluster.json")
        let certificates = spec.certificates
        func file(_ name: String) -> ObservedFile { ObservedFile(path: "\(certificates.directory)/\(name)") }
        node = ObservedNode(
            name: "cp1", access: access, ownerIDs: access == .live ? [998, 998] : nil,
            directory: ObservedFile(path: certificates.directory), ca: file(certificates.files.ca),
            certificate: file(certificates.files.certificate), key: file(certificates.files.key),
            flags: ObservedFile(path: UnitPaths.dropIn(of: spec.apiServer.unit)), installedLeaf: nil,
            requestHeaderCAs: [],
            clientCA: ObservedBundle(
                path: "/etc/kubernetes/pki/ca.crt", certificates: [summary("kubernetes")]),
            unit: nil, apiServer: nil, transaction: nil)
        if case .base(let text, let running) = unit {
            setBase([UnitText(path: Self.basePath, text: text)])
            if access == .live {
                node.unit?.live = LiveUnit(
                    activity: .stopped, stateText: "inactive/dead", needDaemonReload: false,
                    loadedArguments: [],
                    runningArguments: nil, mainPID: 0)
                if running { try start() }
            }
        }
        observeFlags()
    }

    mutating func setBase(_ base: [UnitText]) {
        let live = node.unit?.live
        let digests = base.map {
            String(
                $0.text.utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
                    ($0 ^ UInt64($1)) &* 1_099_511_628_211
                }, radix: 16)
        }
        node.unit = ObservedUnit(
            base: base, baseDigests: digests, environmentFiles: node.unit?.environmentFiles ?? [:], live: live
        )
    }

    /// The path of the flags' file, which depends on what is known of the unit.
    private mutating func observeFlags() {
        let target = FlagsTarget.resolve(spec, unit: node.unit, access: node.access)
        guard let path = target?.path, path != node.flags.path else { return }
        node.flags = ObservedFile(path: path)
    }

    var plan: Plan {
        Planner.plan(spec, inventory: inventory, nodes: [node], now: now, options: options)
    }

    /// Codes of the refusals and notices of a plan.
    var codes: [String] { plan.refusals.map(\.code) + plan.notices.map(\.code) }

    // MARK: - What applying does

    /// Applies the plan and the one after the certificates were issued, as a run does.
    mutating func apply() throws {
        var plan = plan
        if !plan.issues.isEmpty {
            for issue in plan.issues { issueCertificate(issue) }
            plan = self.plan
        }
        #expect(plan.issues.isEmpty && plan.refusals.isEmpty, "\(plan.issues) \(plan.refusals)")
        let nodePlan = try #require(plan.nodes.first)
        for change in nodePlan.files { try write(change) }
        node.directory.kind = .directory
        node.requestHeaderCAs = bundle().map { [$0] } ?? []
        node.installedLeaf = inventory.leaves.values.first { $0.pem == node.certificate.content }?.certificate
        if nodePlan.daemonReload { try load() }
        if nodePlan.restarts { try start() }
        node.transaction = nil
        observeFlags()
    }

    /// Dates are reckoned from the spec and the clock, and not taken from the plan that is judged.
    private func reckonedValidity(of owner: String?) -> CertificateValidity {
        let start = now.advanced(bySeconds: -5 * 60)
        let certificates = spec.certificates
        guard owner != nil, let ca = inventory.current?.certificate else {
            return CertificateValidity(
                notBefore: start, notAfter: start.advanced(bySeconds: certificates.ca.validity.seconds))
        }
        let first = max(start, ca.notBefore)
        let last = first.advanced(bySeconds: certificates.proxyClient.validity.seconds)
        return CertificateValidity(notBefore: first, notAfter: min(last, ca.notAfter))
    }

    private mutating func issueCertificate(_ issue: CertificateIssue) {
        serial += 1
        var certificate = summary(issue.profile.commonName, serial: serial)
        let validity = reckonedValidity(of: issue.owner)
        #expect(issue.notBefore == validity.notBefore && issue.notAfter == validity.notAfter)
        (certificate.notBefore, certificate.notAfter) = (validity.notBefore, validity.notAfter)
        certificate.key = issue.profile.key
        let pem = Array("pem \(serial)".utf8)
        guard let owner = issue.owner else {
            inventory.generations.append(CAGeneration(id: "000\(serial)", certificate: certificate, pem: pem))
            return
        }
        inventory.leaves[owner] = IssuedLeaf(
            id: "000\(serial)", certificate: certificate, pem: pem,
            chain: inventory.current?.crossSigned?.pem ?? [], keySHA256: "key \(serial)",
            generation: inventory.current?.id ?? "", profile: issue.profile.canonicalText)
    }

    private mutating func write(_ change: FileChange) throws {
        var file = ObservedFile(path: change.path, kind: .regular, mode: change.mode)
        (file.userID, file.groupID) = (change.ownerIDs?[0] ?? 0, change.ownerIDs?[1] ?? 0)
        switch change.content {
        case .text(let bytes), .certificate(let bytes, _), .bundle(let bytes, _): file.content = bytes
        case .privateKey(let owner): file.sha256 = inventory.leaves[owner]?.keySHA256
        case .certificateToIssue: Issue.record("a certificate is missing after all were issued")
        case .privateKeyCopy(_, let sha256): file.sha256 = sha256
        case .nothing: file = ObservedFile(path: change.path)
        }
        switch change.path {
        case node.ca.path: node.ca = file
        case node.certificate.path: node.certificate = file
        case node.key.path: node.key = file
        default:
            node.flags = file
            guard change.path == UnitPaths.unit(spec.apiServer.unit) else { return }
            let text = try UnitText(path: change.path, bytes: file.content ?? [])
            setBase([text] + (node.unit?.base.dropFirst() ?? []))
        }
    }

    private func bundle() -> ObservedBundle? {
        guard let content = node.ca.content else { return nil }
        let known = inventory.generations.filter { $0.pem == content }.map(\.certificate)
        return ObservedBundle(path: node.ca.path, certificates: known)
    }

    /// What systemd knows after a daemon-reload.
    mutating func load() throws {
        guard let (service, ownPath) = try service() else { return }
        node.unit?.live?.needDaemonReload = false
        node.unit?.live?.loadedDropIns = ownPath.map { [$0] } ?? []
        node.unit?.live?.loadedArguments = try service.command(unit: "u").arguments.map {
            ArgumentPattern(expanding: $0.value).description
        }
    }

    /// The process that systemd would start from the files as they are, with what it loads.
    mutating func start() throws {
        guard let (service, _) = try service() else { return }
        let argv = try service.command(unit: "u").expand(environment: service.environment).arguments.map {
            $0.pattern.description
        }
        node.unit?.live = LiveUnit(
            activity: .running, stateText: "active/running", needDaemonReload: false, loadedArguments: [],
            runningArguments: argv, mainPID: 4711)
        try load()
        let names = (node.clientCA?.certificates ?? []) + (bundle()?.certificates ?? [])
        node.apiServer = ObservedAPIServer(
            endpoint: "https://10.0.0.1:6443", readiness: .ready,
            loadedCAs: names.map { CAName(der: $0.subjectDER, text: $0.subject) },
            version: node.apiServer?.version)
    }

    /// The unit's files with our drop-in, where it is there, and the drop-in's path.
    private func service() throws -> (EffectiveService, String?)? {
        guard let unit = node.unit else { return nil }
        var sources = unit.base
        var ownPath: String?
        if let own = node.flags.content, node.flags.path == UnitPaths.dropIn(of: spec.apiServer.unit) {
            sources.append(try UnitText(path: node.flags.path, bytes: own))
            ownPath = node.flags.path
        }
        return (
            try EffectiveService(
                unit: spec.apiServer.unit, sources: sources, environmentFiles: unit.environmentFiles), ownPath
        )
    }
}

/// A certificate that is told from others by its name and serial number.
func summary(_ name: String, serial: Int = 0) -> CertificateSummary {
    let text = Array(name.utf8)
    let attribute = [0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, UInt8(text.count)] + text
    let pair = [0x30, UInt8(attribute.count)] + attribute
    let set = [0x31, UInt8(pair.count)] + pair
    return CertificateSummary(
        subject: "CN=\(name)", issuer: "CN=\(name)", commonName: name, serial: "\(serial)",
        notBefore: UnixTime(year: 2025, month: 1, day: 1), notAfter: UnixTime(year: 2035, month: 1, day: 1),
        key: .ecdsa(bits: 256), isCA: false, hosts: [], usages: [],
        subjectDER: [0x30, UInt8(set.count)] + set,
        issuerDER: [], subjectKeyIdentifier: nil, authorityKeyIdentifier: nil,
        publicKeySHA256: "public key \(name) \(serial)", fingerprintSHA256: "fingerprint \(name) \(serial)")
}
