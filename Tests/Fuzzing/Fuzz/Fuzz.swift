// SPDX-License-Identifier: Apache-2.0

import FuzzTargets
import Glibc

/// libFuzzer runs itself again with its own arguments, so a variable says which target.
private let chosen: FuzzTarget = {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget.named(name) else {
        print("set FUZZ_TARGET to one of: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
        exit(64)
    }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func runOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    chosen.run(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}
