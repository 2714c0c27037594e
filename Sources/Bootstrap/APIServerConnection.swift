// SPDX-License-Identifier: Apache-2.0
import ClusterPlan
import NodeAccess
struct APIServerConnection: Sendable {
    init(spec: ClusterSpec, node: NodeSpec, flags: EffectiveFlags, root: NodeRoot) throws {}
    func observe() -> ObservedAPIServer { ObservedAPIServer(endpoint: "x", readiness: .unseen("stub"), loadedCANames: nil) }
    func readiness() -> ObservedAPIServer.Readiness { .unseen("stub") }
}
struct LiveProver { let spec: ClusterSpec; let node: NodeSpec; let observed: ObservedNode; let now: UnixTime
  func prove() throws -> [Proof] { [] } }
