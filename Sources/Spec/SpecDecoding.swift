// SPDX-License-Identifier: Apache-2.0

extension ClusterSpec {
    /// Reads a spec, strictly, with every default filled in.
    ///
    /// - Parameter fileName: what the file is called in the problems.
    /// - Throws: every problem of the document at once, or the first one of its syntax.
    package static func parse(_ bytes: [UInt8], fileName: String) throws(SpecProblems) -> ClusterSpec {
        let json: LocatedJSON
        do {
            json = try LocatedJSON.parse(bytes)
        } catch {
            let shown = error.code == .tooLarge ? [] : bytes
            throw SpecProblems(fileName: fileName, problems: [error], source: shown)
        }
        var reader = SpecReader()
        let document = reader.section(json, as: SpecFields.document, path: "")
        let root = document ?? SpecSection(SpecFields.document, location: .start, path: "")
        let spec = ClusterSpec(root, &reader)
        if document != nil { SpecValidation.check(root, &reader) }
        guard reader.problems.isEmpty else {
            throw SpecProblems(fileName: fileName, problems: reader.problems, source: bytes)
        }
        return spec
    }

    private init(_ section: SpecSection, _ reader: inout SpecReader) {
        let certificates = CertificatesSpec(
            section.section("certificates", SpecFields.certificates), &reader)
        self.init(
            cluster: section.text("cluster"),
            kubernetesVersion: section.optionalText("kubernetesVersion").flatMap { KubernetesVersion($0) },
            stateDirectory: section.optionalText("stateDirectory"), certificates: certificates,
            requestHeader: RequestHeaderSpec(
                section.section("requestHeader", SpecFields.requestHeader),
                commonName: certificates.proxyClient.commonName),
            apiServer: APIServerSpec(section.section("apiServer", SpecFields.apiServer)),
            nodes: section.sections("nodes").map { NodeSpec($0) })
    }
}

extension CertificatesSpec {
    fileprivate init(_ section: SpecSection, _ reader: inout SpecReader) {
        let files = section.section("files", SpecFields.files)
        self.init(
            directory: section.text("directory"),
            files: CertificateFileNames(
                ca: files.text("ca"), certificate: files.text("certificate"), key: files.text("key")),
            ca: CASpec(section.section("ca", SpecFields.ca), &reader),
            proxyClient: ProxyClientSpec(section.section("proxyClient", SpecFields.proxyClient), &reader))
    }
}

extension CASpec {
    fileprivate init(_ section: SpecSection, _ reader: inout SpecReader) {
        self.init(
            commonName: section.text("commonName"), names: SubjectNames(section),
            key: KeyAlgorithm(section.section("key", SpecFields.key), &reader),
            validity: ValidityPeriod(section.text("validity")) ?? .maximum, keepsKey: section.flag("keep"),
            replacesKeyOnNodes: section.flag("onNodes"),
            signing: CASigning(section), certificateFile: section.optionalText("certificate"))
    }
}

extension CASigning {
    fileprivate init(_ section: SpecSection) {
        if let signer = section.optionalSection("signer") {
            self = .command(signer.texts("command"))
        } else {
            self = section.flag("external") ? .byHand : .here
        }
    }
}

extension ProxyClientSpec {
    fileprivate init(_ section: SpecSection, _ reader: inout SpecReader) {
        self.init(
            commonName: section.text("commonName"), names: SubjectNames(section),
            hosts: section.texts("hosts").compactMap { SubjectAlternativeName($0) },
            usages: section.texts("usages").compactMap { CertificateUsage(rawValue: $0) },
            key: KeyAlgorithm(section.section("key", SpecFields.key), &reader),
            validity: ValidityPeriod(section.text("validity")) ?? .maximum, perNode: section.flag("perNode"))
    }
}

extension SubjectNames {
    /// - Parameter parent: the object that has `names`.
    fileprivate init(_ parent: SpecSection) {
        let section = parent.section("names", SpecFields.names)
        self.init(
            country: section.optionalText("C"), state: section.optionalText("ST"),
            locality: section.optionalText("L"), organization: section.optionalText("O"),
            organizationalUnit: section.optionalText("OU"))
    }
}

extension RequestHeaderSpec {
    fileprivate init(_ section: SpecSection, commonName: String) {
        self.init(
            allowedNames: section.has("allowedNames") ? section.texts("allowedNames") : [commonName],
            usernameHeaders: section.texts("usernameHeaders"), groupHeaders: section.texts("groupHeaders"),
            extraHeadersPrefix: section.texts("extraHeadersPrefix"))
    }
}

extension APIServerSpec {
    fileprivate init(_ section: SpecSection) {
        self.init(
            managedBy: APIServerManager(rawValue: section.text("managedBy")) ?? .systemd,
            unit: section.text("unit"), flagsIn: FlagsPlacement(rawValue: section.text("flagsIn")) ?? .auto,
            environmentFile: section.optionalSection("environmentFile").map {
                EnvironmentFileSpec(path: $0.text("path"), variable: $0.text("variable"))
            },
            aggregatorRouting: section.flag("aggregatorRouting"),
            decidesRouting: section.has("aggregatorRouting"), executable: section.text("executable"),
            flags: section.has("flags") ? section.texts("flags") : nil,
            serverCAFile: section.optionalText("serverCAFile"),
            kubeconfig: section.optionalText("kubeconfig"),
            clientCAFile: section.optionalText("clientCAFile"))
    }
}

extension NodeSpec {
    fileprivate init(_ section: SpecSection) {
        let ssh = section.section("ssh", SpecFields.ssh)
        self.init(
            name: section.text("name"), address: section.optionalText("address"),
            local: section.flag("local"),
            ssh: SSHSpec(
                user: ssh.optionalText("user"), sudo: ssh.flag("sudo"),
                configFile: ssh.optionalText("configFile"), hostKey: ssh.optionalText("hostKey")),
            flags: section.texts("flags"))
    }
}
