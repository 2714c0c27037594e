// SPDX-License-Identifier: Apache-2.0

/// One thing that installing or removing a schedule has done.
package enum ScheduleChange: Sendable, Equatable {
    /// With the unit's file.
    case wrote(String)
    case removed(String)
    /// With the timer's name.
    case enabled(String)
    case disabled(String)
    case started(String)
    case stopped(String)
}
