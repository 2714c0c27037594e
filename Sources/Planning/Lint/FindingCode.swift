// SPDX-License-Identifier: Apache-2.0

/// The stable codes of findings; docs/reference/findings.md explains each.
package enum FindingCode: String, Sendable, CaseIterable {
    // The requestheader CA.
    case caUnreadable = "lint/ca-unreadable"
    case keyInCertificateFile = "lint/key-in-certificate-file"
    case notACA = "lint/not-a-ca"
    case caPurpose = "lint/ca-purpose"
    case caExpired = "lint/ca-expired"
    case expiredCAKept = "lint/expired-ca-kept"
    case severalCAs = "lint/several-cas"
    case sharedCA = "lint/shared-ca"
    // That of clients.
    case clientCAUnreadable = "lint/client-ca-unreadable"
    // The proxy client certificate.
    case certificateUnreadable = "lint/certificate-unreadable"
    case certificateOrder = "lint/certificate-order"
    case chain = "lint/chain"
    case purpose = "lint/purpose"
    case expired = "lint/expired"
    case notYetValid = "lint/not-yet-valid"
    case endsSoon = "lint/ends-soon"
    case outlivesCA = "lint/outlives-ca"
    case noAKI = "lint/no-aki"
    case weakKey = "lint/weak-key"
    case weakSignature = "lint/weak-signature"
    case refusedByGo = "lint/refused-by-go"
    case caAsClient = "lint/ca-as-client"
    // Its key.
    case keyUnreadable = "lint/key-unreadable"
    case keyEncrypted = "lint/key-encrypted"
    case keyMismatch = "lint/key-mismatch"
    case keyFileExtra = "lint/key-file-extra"
    // Files.
    case missingFile = "lint/missing-file"
    case unreadable = "lint/unreadable"
    case byteOrderMark = "lint/byte-order-mark"
    case carriageReturn = "lint/carriage-return"
    case keyReadable = "lint/key-readable"
    case keyGroupReadable = "lint/key-group-readable"
    case caKeyReadable = "lint/ca-key-readable"
    case otherCAKey = "lint/other-ca-key"
    case writable = "lint/writable"
    case directoryWritable = "lint/directory-writable"
    case owner = "lint/owner"
    case symbolicLink = "lint/symbolic-link"
    case hiddenPath = "lint/hidden-path"
    case notMounted = "lint/not-mounted"
    // Flags.
    case aggregationOff = "lint/aggregation-off"
    case noRequestheaderCA = "lint/no-requestheader-ca"
    case noUsernameHeaders = "lint/no-username-headers"
    case noGroupHeaders = "lint/no-group-headers"
    case noExtraHeaders = "lint/no-extra-headers"
    case anyName = "lint/any-name"
    case noProxyClient = "lint/no-proxy-client"
    case halfPair = "lint/half-pair"
    case emptyFlag = "lint/empty-flag"
    case blankValue = "lint/blank-value"
    case badList = "lint/bad-list"
    case badValue = "lint/bad-value"
    case doubledFlag = "lint/doubled-flag"
    case splitList = "lint/split-list"
    case duplicateValue = "lint/duplicate-value"
    case nameNotAllowed = "lint/name-not-allowed"
    case standardHeaderMissing = "lint/standard-header-missing"
    case customHeader = "lint/custom-header"
    case badHeader = "lint/bad-header"
    case redirectsFollowed = "lint/redirects-followed"
    case flagsTerminator = "lint/flags-terminator"
    // Flags and the version of Kubernetes.
    case unknownFlag = "lint/unknown-flag"
    case featureGate = "lint/feature-gate"
    case missingRequiredFlag = "lint/missing-required-flag"
    // The unit and its surroundings.
    case noUnit = "lint/no-unit"
    case waitingFlags = "lint/waiting-flags"
    case staticPod = "lint/static-pod"
    case unitUnreadable = "lint/unit-unreadable"
    case unitSyntax = "lint/unit-syntax"
    case severalCommands = "lint/several-commands"
    case strayLine = "lint/stray-line"
    case overridden = "lint/overridden"
    case staleDropIn = "lint/stale-drop-in"
    case unusedFlags = "lint/unused-flags"
    case unknownVariable = "lint/unknown-variable"
    case environmentFileMissing = "lint/environment-file-missing"
    case unclearCommand = "lint/unclear-command"
    case notKubeAPIServer = "lint/not-kube-apiserver"
    case reloadKills = "lint/reload-kills"
    case flagOfKubeProxy = "lint/flag-of-kube-proxy"
    case noKubeProxy = "lint/no-kube-proxy"
    case proxy = "lint/proxy"
    case proxyUnsure = "lint/proxy-unsure"

    private static let warnings: Set<FindingCode> = [
        .expiredCAKept, .severalCAs, .endsSoon, .outlivesCA, .noAKI, .weakKey, .caAsClient, .keyFileExtra,
        .carriageReturn, .keyGroupReadable, .otherCAKey, .owner, .symbolicLink, .aggregationOff,
        .noExtraHeaders, .anyName,
        .duplicateValue, .customHeader, .redirectsFollowed, .noUnit, .waitingFlags, .staticPod, .staleDropIn,
        .unknownVariable, .unclearCommand, .notKubeAPIServer, .reloadKills, .noKubeProxy, .proxyUnsure,
    ]

    package var severity: FindingSeverity { Self.warnings.contains(self) ? .warning : .error }
}
