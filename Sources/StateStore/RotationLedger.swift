// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import Planning
import Values

/// What the ledger says about a CA's rotation: its terms, written before its first change, and its end.
extension Ledger {
    private enum Event {
        static let begin = "rotation-begin"
        static let abort = "rotation-abort"
        static let end = "rotation-end"
        static let moved = "moved-ca"
    }

    /// Writes down that a rotation begins, or that it goes back.
    package func append(_ terms: RotationTerms, now: UnixTime) throws {
        try append(
            terms.direction == .forward ? Event.begin : Event.abort,
            [
                ("keep", terms.keep), ("retire", terms.retire.joined(separator: " ")),
                ("cause", terms.cause.rawValue),
            ] + (terms.again ? [("again", "yes")] : []), now: now)
    }

    /// Writes down that a rotation has ended.
    package func appendEnd(of terms: RotationTerms, now: UnixTime) throws {
        try append(
            Event.end, [("keep", terms.keep), ("direction", terms.direction.rawValue)], now: now)
    }

    /// Writes down where a control plane has the CA that a rotation will replace, before its files go elsewhere.
    package func appendMove(of node: String, from path: String, now: UnixTime) throws {
        try append(Event.moved, [("node", node), ("file", path)], now: now)
    }

    /// Where control planes had the CA before the rotation that ends now, by their names; after an abort it is the same.
    package func movedFrom() throws -> [String: [String]] {
        var moved: [String: [String]] = [:]
        try forEachEntry { fields in
            switch fields["event"] {
            case Event.end?:
                if fields["direction"] != RotationTerms.Direction.back.rawValue { moved = [:] }
            case Event.moved?:
                guard let node = fields["node"], let path = fields["file"] else { return }
                if moved[node]?.containsBytes(path) != true { moved[node, default: []].append(path) }
            default: return
            }
        }
        return moved
    }

    /// The terms of the rotation that is open; nil where none is.
    /// - Throws: `state/damaged` where the ledger cannot be read, or does not name a CA that was issued: then what it
    ///   said of a rotation is lost too.
    package func openRotation() throws -> RotationTerms? {
        var open: RotationTerms?
        var named: Set<String> = []
        try forEachEntry { fields in
            switch fields["event"] {
            case "issued-ca"?, "adopted-ca"?: if let sha256 = fields["sha256"] { named.insert(sha256) }
            case Event.begin?: open = Self.terms(fields, .forward, after: open)
            case Event.abort?: open = Self.terms(fields, .back, after: open)
            case Event.end?: open = nil
            default: return
            }
        }
        if let lost = try state.issuedAuthorities().first(where: { !named.contains($0.fingerprintSHA256) }) {
            throw state.damaged(
                path, "it does not say that \(lost.subject) was issued, so a part of it is missing")
        }
        return open
    }

    /// Whether a proxy client's key was written to a control plane, or was about to be, since the CA of the open rotation
    /// was made.
    /// - Parameter path: of the key on a control plane.
    package func hasPushedKeys(to path: String) throws -> Bool {
        var (hasPushed, made) = (false, String?.none)
        try forEachEntry { fields in
            switch fields["event"] {
            case Event.begin?:
                // What was pushed before is of another CA; written down again, it is the same one.
                if fields["keep"] != made { (hasPushed, made) = (false, fields["keep"]) }
            case Event.end?: made = nil
            case "apply-begin"?:
                let files = (fields["files"] ?? "").split(separator: " ")
                if files.contains(where: { $0 == path }) { hasPushed = true }
            default: return
            }
        }
        return hasPushed
    }

    /// What is wrong with an entry; nil for every event that is none of a rotation's.
    static func problem(_ event: String, _ fields: [String: String]) -> Message? {
        guard [Event.begin, Event.abort, Event.end].contains(event) else { return nil }
        if (fields["keep"] ?? "").isEmpty { return "does not name the CA that is kept" }
        if let cause = fields["cause"], RotationTerms.Cause(rawValue: cause) == nil {
            return "has an unknown cause"
        }
        return nil
    }

    /// - Parameter open: what was open before this entry: the same rotation, if it is about the same CA that is made.
    private static func terms(
        _ fields: [String: String], _ direction: RotationTerms.Direction, after open: RotationTerms?
    ) -> RotationTerms? {
        guard let keep = fields["keep"] else { return nil }
        let retire = (fields["retire"] ?? "").split(separator: " ").map(String.init)
        let time = fields["time"] ?? ""
        let made = open.flatMap { $0.direction == .forward ? $0.keep : $0.retire.first }
        let isSame = made == (direction == .forward ? keep : retire.first)
        return RotationTerms(
            keep: keep, retire: retire, direction: direction,
            cause: fields["cause"].flatMap(RotationTerms.Cause.init) ?? .asked,
            since: isSame ? open?.since ?? time : time,
            again: fields["again"] == "yes", aborted: direction == .back ? time : nil)
    }
}
