// SPDX-License-Identifier: Apache-2.0

/// Reads the head of one request from the pieces in which it arrives.
struct HTTPRequestParser {
    static let limit = 32 * 1_024

    enum Progress: Equatable {
        case more
        case complete(ReceivedRequest)
        /// The status that the client is told.
        case refused(Int)
    }

    private var buffer: [UInt8] = []
    /// Where the search for the head's end goes on, so that a client that drips costs no more than one that does not.
    private var searched = 0

    mutating func append(_ bytes: [UInt8]) -> Progress {
        buffer += bytes
        let mark: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a]
        while searched + 4 <= buffer.count {
            let end = searched + 4
            if buffer[searched..<end].elementsEqual(mark) {
                guard end <= Self.limit else { return .refused(431) }
                return ReceivedRequest(buffer[..<end]).map { .complete($0) } ?? .refused(400)
            }
            searched += 1
        }
        return buffer.count > Self.limit ? .refused(431) : .more
    }
}
