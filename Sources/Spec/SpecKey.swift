// SPDX-License-Identifier: Apache-2.0

import Values

extension KeyAlgorithm {
    /// The key that `section` asks for; P-256 where that was reported as impossible.
    init(_ section: SpecSection, _ reader: inout SpecReader) {
        self = .ecdsa(bits: 256)
        // Without a sound algorithm nothing can be said about the size.
        guard let algorithm = section.optionalText("algorithm") else { return }
        let size = section.locatedInteger("size")
        let (sizes, standard) = algorithm == "rsa" ? ([2048, 3072, 4096], 2048) : ([256, 384, 521], 256)
        if algorithm == "ed25519" {
            self = .ed25519
            if let size {
                reader.report(
                    .key, at: size.location, size.path, "an ed25519 key has no size", hint: "remove \"size\"")
            }
            return
        }
        let bits = size?.value ?? standard
        if let size, !sizes.contains(bits) {
            reader.report(
                .key, at: size.location, size.path, Self.reason(algorithm, bits, sizes),
                hint: Self.hint(algorithm, bits))
            return
        }
        self = algorithm == "rsa" ? .rsa(bits: bits) : .ecdsa(bits: bits)
    }

    private static func reason(_ algorithm: String, _ bits: Int, _ sizes: [Int]) -> Message {
        let allowed = sizes.map { String($0) }.joined(separator: ", ")
        let weak =
            algorithm == "rsa" && (1..<2048).contains(bits) ? "is too weak: the sizes are" : "is not one of"
        return "an \(algorithm) key of \(bits) bits \(weak) \(allowed)"
    }

    private static func hint(_ algorithm: String, _ bits: Int) -> Message? {
        switch (algorithm, bits) {
        case ("ecdsa", 512): "the curve is P-521: write 521"
        case ("ecdsa", 1024...): "for an RSA key, write \"algorithm\": \"rsa\" beside it"
        case ("rsa", ..<1024): "for an elliptic curve, write \"algorithm\": \"ecdsa\" beside it"
        case ("rsa", ..<2048): "write 2048 at least"
        default: nil
        }
    }
}
