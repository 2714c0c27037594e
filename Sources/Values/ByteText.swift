// SPDX-License-Identifier: Apache-2.0

/// Text that is the same only where its bytes are.
///
/// Swift calls two strings equal that Unicode calls equivalent, and takes a slash and a combining mark behind it for one
/// character. To the kernel, systemd and kube-apiserver a path, a name or a flag is its bytes.
package struct ByteText: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (a: ByteText, b: ByteText) -> Bool {
        a.text.utf8.count == b.text.utf8.count && a.text.utf8.elementsEqual(b.text.utf8)
    }

    package static func < (a: ByteText, b: ByteText) -> Bool {
        a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        let whole: Void? = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if whole == nil { Array(text.utf8).withUnsafeBytes { hasher.combine(bytes: $0) } }
        hasher.combine(0xff as UInt8)
    }

    package var description: String { text }
}

extension String {
    /// The text as its bytes, to compare it by them.
    package var bytes: ByteText { ByteText(self) }

    /// The parts between slashes, empty ones left out.
    package var pathComponents: [String] {
        utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    }

    /// The same absolute path without doubled slashes and `.`; `..` stays, since a link may be before it. One that is not
    /// absolute stays as it is.
    package var plainPath: String {
        guard isAbsolutePath else { return self }
        return "/" + pathComponents.filter { !$0.utf8.elementsEqual(".".utf8) }.joined(separator: "/")
    }

    /// Whether it is a path from the root.
    package var isAbsolutePath: Bool { utf8.first == UInt8(ascii: "/") }

    /// Parent directory and last component of a path; the parent of a name without a slash is `.`.
    package var splitPath: (directory: String, name: String) {
        guard let slash = utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", self) }
        let directory = String(self[..<slash])
        return (directory.isEmpty ? "/" : directory, String(self[utf8.index(after: slash)...]))
    }
}

extension Sequence<String> {
    /// Each text as its bytes.
    package var bytes: [ByteText] { map(\.bytes) }

    /// Whether one of the texts has exactly these bytes.
    package func containsBytes(_ text: String) -> Bool { contains { $0.bytes == text.bytes } }
}
