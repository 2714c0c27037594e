// SPDX-License-Identifier: Apache-2.0

import Values

/// Which of the node's files a process sees, and under which paths.
package struct FileView: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        /// What the node has under this path.
        case node(String)
        /// Something else: a file system of its own, or nothing.
        case other
        case unknown
    }

    package struct Layer: Sendable, Equatable {
        package var target: String
        var source: Source
        /// What it is called in a message.
        package var origin: Message
        /// Whether nothing that lies on top of it is seen either.
        package var isFinal = false
    }

    private(set) var layers: [Layer] = []
    /// Whether there may be others that are not known.
    var mayHaveOthers = false

    package init() {}

    /// - Parameter source: a path of the node; nil for anything else.
    package mutating func add(_ target: String, _ source: String?, origin: Message, isFinal: Bool = false) {
        let isUnknown = source.map { Self.unknownFrom($0) != nil } ?? false
        layers.append(
            Layer(
                target: Self.clean(target),
                source: isUnknown ? .unknown : source.map { .node(Self.clean($0)) } ?? .other,
                origin: origin, isFinal: isFinal))
    }

    /// What is seen under `path`, and the layer that says so.
    package func source(of path: String) -> (source: Source, layer: Layer?) {
        let path = Self.clean(path)
        if let layer = layers.first(where: { Self.unknownFrom($0.target).map(path.hasPrefix) ?? false }) {
            return (.unknown, layer)
        }
        let covering = layers.filter { Self.rest(of: path, below: $0.target) != nil }
        if let layer = covering.first(where: \.isFinal) { return (.other, layer) }
        // What lies deeper is on top; of two in one place a file system of its own is below.
        let top = covering.max { a, b in
            let (depth, other) = (a.target.utf8.count, b.target.utf8.count)
            return depth == other ? a.source == .other && b.source != .other : depth < other
        }
        guard let top else { return (mayHaveOthers ? .unknown : .other, nil) }
        guard case .node(let source) = top.source else { return (top.source, top) }
        let rest = Self.rest(of: path, below: top.target) ?? ""
        return (.node(rest.isEmpty ? source : source == "/" ? "/" + rest : "\(source)/\(rest)"), top)
    }

    /// Whether the node's file is seen under its own path; nil where that is not known.
    func shows(_ path: String) -> Bool? {
        switch source(of: path).source {
        case .node(let source): source.bytes == Self.clean(path).bytes
        case .other: false
        case .unknown: nil
        }
    }

    /// `path` without `.`, `..` and doubled slashes, as container programs have it.
    package static func clean(_ path: String) -> String {
        guard path.utf8.first == UInt8(ascii: "/") else { return path }
        var parts: [String] = []
        for part in path.pathComponents where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// What stands before a specifier or a variable; nil where there is none.
    private static func unknownFrom(_ path: String) -> String? {
        path.firstIndex { $0 == "%" || $0 == "$" }.map { String(path[..<$0]) }
    }

    private static func rest(of path: String, below directory: String) -> String? {
        if path.utf8.elementsEqual(directory.utf8) { return "" }
        let prefix = directory == "/" ? "/" : directory + "/"
        guard path.utf8.starts(with: prefix.utf8) else { return nil }
        return String(decoding: path.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }
}
