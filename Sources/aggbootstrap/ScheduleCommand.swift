// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ScheduleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Let this machine's systemd renew what is due: a timer that runs rotate --if-due.",
        subcommands: [ScheduleInstallCommand.self, ScheduleRemoveCommand.self, ScheduleShowCommand.self])
}
