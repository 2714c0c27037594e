// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Proofs
import StateStore

/// What a rotation will do, stage by stage, with what each waits for.
package struct RotationOutline: Sendable, Equatable {
    package enum Purpose: Sendable, Equatable {
        case replace
        /// With the time at which the open one was begun.
        case resume(since: String)
        case abort(since: String)
    }

    /// What one stage does; a stage may have several.
    package enum Part: Sendable, Equatable {
        case preflight
        /// Files and allowed names go to where the spec wants them, with a restart of each control plane in turn.
        case move(from: [String])
        case newCA
        case crossCertificate
        case trust(seconds: Int)
        case extensions(seconds: Int, isEmergency: Bool, isCrossSigned: Bool)
        case leaves(isCrossSigned: Bool)
        /// - Parameter rereadSeconds: what a kube-apiserver that reads its files each minute gets in any case.
        case soak(seconds: Int, rereadSeconds: Int?)
        case drop(watchSeconds: Int)
        case proof(isEmergency: Bool)
    }

    package let purpose: Purpose
    package let parts: [Part]

    package init(_ purpose: Purpose, _ parts: [Part]) {
        self.purpose = purpose
        self.parts = parts
    }
}

extension RotationOutline.Part {
    package var stage: RotationStage {
        switch self {
        case .preflight, .move: .preflight
        case .newCA, .crossCertificate: .issue
        case .trust: .trust
        case .extensions: .extensions
        case .leaves: .leaves
        case .soak: .soak
        case .drop: .drop
        case .proof: .proof
        }
    }
}

extension RotationOutline {
    /// Changes nothing.
    /// - Parameter observed: empty where the control planes cannot be read: then the run will say so.
    init(_ context: RotationContext, _ observed: [ObservedNode], isAbort: Bool) throws {
        let (options, terms) = (context.options, try context.open())
        // Aborted once, it goes back, whichever option it is continued with.
        let isEmergency = options.cause.isCompromise || terms?.cause.isCompromise ?? false
        let isAbort = !isEmergency && (isAbort || terms?.direction == .back)
        let cross = isAbort ? nil : Self.cross(context, terms)
        var parts = [Part.preflight]
        let move = RotationMove(context)
        let moving = try move.needed(observed)
        if !moving.isEmpty { parts.append(.move(from: move.paths(moving))) }
        if terms == nil { parts.append(.newCA) }
        if cross == .asked { parts.append(.crossCertificate) }
        if !isAbort {
            parts += [
                .trust(seconds: TrustGate.seconds),
                .extensions(
                    seconds: isEmergency ? Compromise.emergencySeconds : ExtensionServers.seconds,
                    isEmergency: isEmergency, isCrossSigned: cross != nil),
            ]
        }
        parts += [
            .leaves(isCrossSigned: cross != nil), Self.soak(options, isEmergency, isAbort),
            .drop(watchSeconds: options.watchSeconds), .proof(isEmergency: isEmergency),
        ]
        // Where it goes back from is seen once it is turned around.
        if let terms, !isAbort || terms.direction == .back {
            parts = try Self.left(parts, context, observed, terms)
        }
        let since = terms?.since ?? ""
        self.init(isAbort ? .abort(since: since) : terms == nil ? .replace : .resume(since: since), parts)
    }

    /// Without the stages that are done, as far as the control planes tell; what is only waited for is done once more.
    private static func left(
        _ parts: [Part], _ context: RotationContext, _ observed: [ObservedNode], _ terms: RotationTerms
    ) throws -> [Part] {
        guard observed.count == context.run.nodes.count, let rotation = try? context.generations(terms),
            let stage = try? context.stage(observed, rotation, terms)
        else { return parts }
        let done: [RotationStage] =
            switch stage {
            case .soak: [.trust, .extensions, .leaves]
            case .drop: [.trust, .extensions, .leaves, .soak]
            default: []
            }
        return parts.filter { !done.contains($0.stage) }
    }

    /// How long it waits where nothing holds it up; seconds.
    package var waitSeconds: Int {
        parts.reduce(0) { sum, part in
            switch part {
            case .soak(let seconds, let reread): sum + max(seconds, reread ?? 0)
            case .drop(let seconds): sum + seconds
            default: sum
            }
        }
    }

    private static func soak(_ options: RotationOptions, _ isEmergency: Bool, _ isAbort: Bool) -> Part {
        guard isEmergency, options.soakSeconds == nil else {
            let seconds = options.soakSeconds ?? 90
            let isShort = isAbort && seconds < options.reloadSeconds
            return .soak(seconds: seconds, rereadSeconds: isShort ? options.reloadSeconds : nil)
        }
        return .soak(seconds: 0, rereadSeconds: options.reloadSeconds)
    }

    private enum Cross { case made, asked }

    /// Whether a cross certificate is there or asked for.
    private static func cross(_ context: RotationContext, _ terms: RotationTerms?) -> Cross? {
        let made = terms.flatMap { try? context.run.state.inventory().generation($0.keep)?.crossSigned }
        if made != nil { return .made }
        return context.options.crossSigns ? .asked : nil
    }
}
