// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A moment of the monotonic clock.
struct Deadline {
    let milliseconds: Int64

    /// - Parameter duration: from now on.
    init(in duration: Duration) {
        milliseconds = Self.now() + Self.milliseconds(duration)
    }

    private init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The earlier of this and `duration` from now.
    func atMost(_ duration: Duration) -> Deadline {
        Deadline(milliseconds: min(milliseconds, Deadline(in: duration).milliseconds))
    }

    /// For poll(2): at least 0.
    var remainingMilliseconds: Int32 { Int32(clamping: max(0, milliseconds - Self.now())) }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return min(seconds, 86_400) * 1_000 + attoseconds / 1_000_000_000_000_000
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
