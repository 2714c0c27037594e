// SPDX-License-Identifier: Apache-2.0

/// A cluster as its operator declares it: the validated form of an `aggbootstrap/v1` JSON document.
///
/// Every value in it has been checked by `SpecValidation`, and every default is filled in.
package struct ClusterSpec: Sendable, Equatable {
    package var cluster: String
    package var kubernetesVersion: KubernetesVersion?
    package var stateDirectory: String?
    package var certificates: CertificatesSpec
    package var requestHeader: RequestHeaderSpec
    package var apiServer: APIServerSpec
    package var nodes: [NodeSpec]

    package init(
        cluster: String, kubernetesVersion: KubernetesVersion?, stateDirectory: String?,
        certificates: CertificatesSpec, requestHeader: RequestHeaderSpec, apiServer: APIServerSpec,
        nodes: [NodeSpec]
    ) {
        self.cluster = cluster
        self.kubernetesVersion = kubernetesVersion
        self.stateDirectory = stateDirectory
        self.certificates = certificates
        self.requestHeader = requestHeader
        self.apiServer = apiServer
        self.nodes = nodes
    }
}
