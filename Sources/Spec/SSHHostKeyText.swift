// SPDX-License-Identifier: Apache-2.0

import Values

/// A public host key as `TYPE BASE64`, with or without a comment: a known_hosts line without its host.
enum SSHHostKeyText {
    private static let types = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    ]
    private static let form: Message = "write it as in known_hosts without the host: \"ssh-ed25519 AAAA...\""

    static func complaint(about text: String) -> SpecComplaint? {
        func refuse(_ reason: Message) -> SpecComplaint {
            SpecComplaint(.ssh, "\(SpecText.quoted(text)) is not a host key: \(reason)", hint: form)
        }
        if text.unicodeScalars.contains(where: SpecText.isUnprintable) || text.utf8.count > 8192 {
            return refuse("it is not one line of text")
        }
        let words = text.split(separator: " ", omittingEmptySubsequences: true).map { String($0) }
        guard let type = words.first, types.contains(type) else {
            let known = words.contains { types.contains($0) }
            return refuse(known ? "it does not start with the key's type" : "it has no known key type")
        }
        guard words.count >= 2 else { return refuse("the key is missing") }
        // The key's own bytes begin with its type, as a length of 4 bytes and the text.
        let length = UInt8(truncatingIfNeeded: type.utf8.count)
        guard let blob = decodeBase64(words[1]), blob.count > type.utf8.count + 4,
            blob.starts(with: [0, 0, 0, length] + Array(type.utf8))
        else { return refuse("its base64 does not hold a key of that type") }
        return nil
    }

    /// RFC 4648 base64 with padding; nil where `text` is not that.
    private static func decodeBase64(_ text: String) -> [UInt8]? {
        let digits = text.utf8.prefix { $0 != 0x3d }
        let padding = text.utf8.dropFirst(digits.count)
        guard padding.count <= 2, padding.allSatisfy({ $0 == 0x3d }), text.utf8.count % 4 == 0 else {
            return nil
        }
        var (bits, count, bytes) = (UInt32(0), 0, [UInt8]())
        for digit in digits {
            let value: UInt8
            switch digit {
            case 0x41...0x5a: value = digit - 0x41
            case 0x61...0x7a: value = digit - 0x61 + 26
            case 0x30...0x39: value = digit - 0x30 + 52
            case 0x2b: value = 62
            case 0x2f: value = 63
            default: return nil
            }
            bits = (bits << 6 | UInt32(value)) & 0xffffff
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return bytes
    }
}
