// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Spec

/// A thread for the work on one node, which blocks while the node is asked.
///
/// Swift's own pool has a thread for each processor: with calls that block, two nodes on two processors would hold up
/// all others.
final class NodeThread: TaskExecutor {
    private let queue: DispatchQueue

    init(_ name: String) { queue = DispatchQueue(label: "node \(name)") }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Does the same on many nodes at once, each on a thread of its own; a single one needs none.
/// - Returns: what became of each, in the order of `nodes`.
package func onEachNode<T: Sendable>(
    _ nodes: [NodeSpec], _ body: @escaping @Sendable (NodeSpec) async throws -> T
) async -> [Result<T, any Error>] {
    if nodes.count == 1 {
        do { return [.success(try await body(nodes[0]))] } catch { return [.failure(error)] }
    }
    return await withTaskGroup(of: (Int, Result<T, any Error>).self) { group in
        for (index, node) in nodes.enumerated() {
            group.addTask(executorPreference: NodeThread(node.name)) {
                do { return (index, .success(try await body(node))) } catch {
                    return (index, .failure(error))
                }
            }
        }
        var results: [Int: Result<T, any Error>] = [:]
        for await (index, result) in group { results[index] = result }
        return nodes.indices.compactMap { results[$0] }
    }
}

/// Does the same with many things, a few at once, each on a thread of its own.
/// - Parameter limit: how many at once at most.
/// - Returns: what became of each, in the order of `items`.
package func concurrently<Item: Sendable, T: Sendable>(
    _ items: [Item], atMost limit: Int, _ body: @escaping @Sendable (Item) async throws -> T
) async -> [Result<T, any Error>] {
    await withTaskGroup(of: (Int, Result<T, any Error>).self) { group in
        var results: [Int: Result<T, any Error>] = [:]
        for (index, item) in items.enumerated() {
            if index >= limit, let (index, result) = await group.next() { results[index] = result }
            group.addTask(executorPreference: NodeThread("item \(index)")) {
                do { return (index, .success(try await body(item))) } catch {
                    return (index, .failure(error))
                }
            }
        }
        for await (index, result) in group { results[index] = result }
        return items.indices.compactMap { results[$0] }
    }
}
