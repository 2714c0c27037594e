// SPDX-License-Identifier: Apache-2.0

import Spec

/// Which of its https requests a program written in Go sends to a proxy, by its environment.
///
/// Source: golang.org/x/net/http/httpproxy. What k8s.io/apimachinery does besides (NewProxierWithNoProxyCIDR) makes no
/// other exceptions. A proxy's URL is not kept, as it may hold a password.
package struct ProxyEnvironment: Sendable, Equatable {
    /// The variable that sends https requests to a proxy; nil where none does.
    package let proxy: String?
    /// The variable with a proxy for http. Go before 1.16, of which Kubernetes before 1.21 was built, took it for https
    /// too where `proxy` is nil.
    package let plainProxy: String?
    /// The variable that says what is asked without a proxy; nil where none does.
    package let exceptions: String?

    private var rules: [Rule] = []
    private var exceptsAll = false

    private enum Rule: Sendable, Equatable {
        case range(AddressRange)
        case address(IPAddress, port: String)
        /// `suffix` with its dot in front.
        case domain(suffix: String, port: String, withItself: Bool)
    }

    /// What is read of an environment; the first one that is not empty wins.
    package static let names = (
        proxy: ["HTTPS_PROXY", "https_proxy"], plainProxy: ["HTTP_PROXY", "http_proxy"],
        exceptions: ["NO_PROXY", "no_proxy"]
    )
    package static var allNames: [String] { names.proxy + names.plainProxy + names.exceptions }

    /// - Parameter value: of a variable; nil where it is not set.
    package init(_ value: (String) -> String?) {
        func first(_ names: [String]) -> String? { names.first { !(value($0) ?? "").isEmpty } }
        proxy = first(Self.names.proxy)
        plainProxy = first(Self.names.plainProxy)
        exceptions = first(Self.names.exceptions)
        read(exceptions.flatMap(value) ?? "")
    }

    /// - Parameter environ: `/proc/PID/environ`: each variable ends with a zero byte.
    package init(environ: some Collection<UInt8>) {
        var values: [String: String] = [:]
        for entry in environ.split(separator: 0) {
            let parts = entry.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            // Of the rest of an environment nothing becomes a text.
            guard parts.count == 2, !parts[1].isEmpty,
                let name = Self.allNames.first(where: { $0.utf8.elementsEqual(parts[0]) }),
                values[name] == nil
            else { continue }
            values[name] =
                Self.names.exceptions.contains(name) ? String(decoding: parts[1], as: UTF8.self) : "set"
        }
        self.init { values[$0] }
    }

    private mutating func read(_ text: String) {
        for entry in text.split(separator: ",") {
            let entry = Self.trimmed(entry).lowercased()
            if entry == "*" {
                exceptsAll = true
                return
            }
            if let range = AddressRange(entry) {
                rules.append(.range(range))
                continue
            }
            let (host, port) = Self.hostAndPort(entry)
            guard !host.isEmpty else { continue }
            if let address = IPAddress.parse(host) {
                rules.append(.address(address.mappedIPv4 ?? address, port: port))
                continue
            }
            let name = host.hasPrefix("*.") ? String(host.dropFirst()) : host
            let isSuffix = name.hasPrefix(".")
            rules.append(
                .domain(suffix: isSuffix ? name : ".\(name)", port: port, withItself: !isSuffix))
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        let tail = text.drop(while: isSpace)
        return String(tail.reversed().drop { isSpace($0) }.reversed())
    }

    /// As Go's net.SplitHostPort; the whole text as host where that fails.
    private static func hostAndPort(_ text: String) -> (host: String, port: String) {
        guard let colon = text.lastIndex(of: ":") else { return (text, "") }
        let port = String(text[text.index(after: colon)...])
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return (text, "")
        }
        return host.contains("[") || host.contains("]") ? (text, "") : (String(host), port)
    }

    /// Whether a server is asked without a proxy, whatever the proxy is.
    package func excepts(host: String, port: Int) -> Bool {
        if exceptsAll || host == "localhost" { return true }
        let name = host.lowercased()
        guard let parsed = IPAddress.parse(name) else {
            return rules.contains { rule in
                guard case .domain(let suffix, let wanted, let withItself) = rule else { return false }
                let matches = name.hasSuffix(suffix) || withItself && ".\(name)" == suffix
                return matches && (wanted.isEmpty || wanted == "\(port)")
            }
        }
        let address = parsed.mappedIPv4 ?? parsed
        let range = AddressRange(address)
        return (Self.loopback + ranges).contains { $0.contains(range) }
            || rules.contains { $0 == .address(address, port: "\(port)") }
    }

    /// Whether every server of the range is asked without a proxy.
    package func excepts(_ range: AddressRange) -> Bool {
        exceptsAll || range.isCovered(by: Self.loopback + ranges)
    }

    /// Whether a range is excepted, and not single servers alone.
    package var hasRanges: Bool {
        rules.contains { if case .range = $0 { true } else { false } }
    }

    private static let loopback = ["127.0.0.0/8", "::1/128"].compactMap(AddressRange.init)

    /// What is excepted whatever the port is.
    private var ranges: [AddressRange] {
        rules.compactMap { rule in
            switch rule {
            case .range(let range): range
            case .address(let address, ""): AddressRange(address)
            case .address, .domain: nil
            }
        }
    }
}
