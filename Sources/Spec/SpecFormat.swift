// SPDX-License-Identifier: Apache-2.0

/// What a text of the spec must look like.
package enum SpecFormat: Sendable, Equatable {
    case anything
    case clusterName
    case kubernetesVersion
    case nodeName
    /// IP address or DNS name of a node.
    case address
    /// Subject alternative name.
    case host
    case nodeDirectory
    case nodeFile
    case operatorDirectory
    case operatorFile
    case fileName
    case unitName
    case variableName
    case flag
    /// An argument of a program on the operator's machine.
    case argument
    case duration
    case commonName
    case caCommonName
    case allowedName
    case country
    /// A subject attribute of at most `limit` characters.
    case attribute(limit: Int)
    case headerName
    case userName
    case hostKey

    package func accepts(_ text: String) -> Bool { complaint(about: text) == nil }

    /// What is wrong with `text`; nil where nothing is.
    func complaint(about text: String) -> SpecComplaint? {
        switch self {
        case .anything: nil
        case .clusterName: SpecNames.complaint(aboutCluster: text)
        case .kubernetesVersion: KubernetesVersion.complaint(about: text)
        case .nodeName: SpecNames.complaint(aboutNode: text)
        case .address: SpecHosts.complaint(aboutAddress: text)
        case .host: SpecHosts.complaint(aboutHost: text)
        case .nodeDirectory: SpecPaths.complaint(aboutNodeDirectory: text)
        case .nodeFile: SpecPaths.complaint(aboutNodeFile: text)
        case .operatorDirectory: SpecPaths.complaint(aboutOperatorDirectory: text)
        case .operatorFile: SpecPaths.complaint(aboutOperatorFile: text)
        case .fileName: SpecPaths.complaint(aboutFileName: text)
        case .unitName: SpecNames.complaint(aboutUnit: text)
        case .variableName: SpecNames.complaint(aboutVariable: text)
        case .flag: SpecFlags.complaint(about: text)
        case .argument: SpecFlags.complaint(aboutArgument: text)
        case .duration: ValidityPeriod.complaint(about: text)
        case .commonName: SpecSubjects.complaint(about: text, limit: 64)
        case .caCommonName: SpecSubjects.complaint(aboutCACommonName: text)
        case .allowedName: SpecSubjects.complaint(about: text, limit: 64)
        case .country: SpecSubjects.complaint(aboutCountry: text)
        case .attribute(let limit): SpecSubjects.complaint(about: text, limit: limit)
        case .headerName: SpecHeaders.complaint(about: text)
        case .userName: SpecNames.complaint(aboutUser: text)
        case .hostKey: SSHHostKeyText.complaint(about: text)
        }
    }

    /// A regular expression (ECMA-262) that holds for every text that is accepted, for the JSON Schema; it
    /// may hold for more. nil where there is nothing to say.
    package var pattern: String? {
        switch self {
        case .anything, .attribute, .commonName, .allowedName, .caCommonName: nil
        case .clusterName: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
        case .kubernetesVersion: "^1\\.[1-9][0-9]{1,2}$"
        case .nodeName: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
        case .address, .host: "^[0-9a-z:][0-9a-z.:-]*$"
        case .nodeDirectory, .nodeFile: "^(/[A-Za-z0-9._@:+,=-]+)+$"
        case .operatorDirectory: "^/."
        case .operatorFile: "^[^-~]"
        case .fileName: "^[A-Za-z0-9._+][A-Za-z0-9._+-]*$"
        case .unitName: "^[A-Za-z0-9:_.\\\\-][A-Za-z0-9:_.\\\\@-]*\\.service$"
        case .variableName: "^[A-Za-z_][A-Za-z0-9_]*$"
        case .flag: "^[^\\u0000-\\u001f\\u007f]+$"
        case .argument: "^[^\\u0000]*$"
        case .duration: "^([0-9]+[ydhms])+$"
        case .country: "^[A-Za-z]{2}$"
        case .headerName: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
        case .userName: "^[A-Za-z0-9._][A-Za-z0-9._@+-]*$"
        case .hostKey: "^[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?$"
        }
    }

    /// The longest text in characters, for the JSON Schema; nil where that is not the point.
    package var maximumLength: Int? {
        switch self {
        case .clusterName: 63
        case .nodeName, .address, .host: 253
        case .unitName: SpecNames.unitLimit
        case .caCommonName: SpecSubjects.caCommonNameLimit
        case .commonName, .allowedName: 64
        case .attribute(let limit): limit
        default: nil
        }
    }
}
