// SPDX-License-Identifier: Apache-2.0

import Glibc
import StateStore
import Values

/// What must be right before the command line is read.
enum Startup {
    /// Variables that name files.
    private static let variables = [
        "AGGBOOTSTRAP_SPEC", "AGGBOOTSTRAP_STATE", "AGGBOOTSTRAP_PASSPHRASE_FILE", "CREDENTIALS_DIRECTORY",
        "XDG_STATE_HOME", "HOME",
    ]

    /// Makes sure that standard input, output and error are open: else the first file that is opened, a private key it may
    /// be, would get the number of one of them, and the result would be written into it.
    static func openStandardStreams() {
        for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 {
            // What is written to standard output fails then, as it should.
            _ = open("/dev/null", number == 2 ? O_WRONLY : O_RDONLY)
        }
    }

    /// Without a few descriptors of its own, Swift's runtime ends the program by a trap.
    private static func descriptorProblem() -> BootstrapError? {
        let (least, wanted): (rlim_t, rlim_t) = (16, 256)
        var limit = rlimit()
        guard getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        if limit.rlim_cur < wanted, limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = min(wanted, limit.rlim_max)
            _ = setrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
        }
        guard getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < least else {
            return nil
        }
        return BootstrapError(
            "run/few-descriptors",
            "this process may open only \(limit.rlim_cur) files at once, and needs at least \(least)",
            hint: "raise the limit: ulimit -n \(least), or LimitNOFILE= in a unit")
    }

    /// What is not right: a limit that is too low, or an argument or variable that is no text, which would name another
    /// file or directory if it were made into text.
    static func problem() -> BootstrapError? {
        if let problem = descriptorProblem() { return problem }
        for number in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = CommandLine.unsafeArgv[number], String(validatingCString: argument) == nil
            else { continue }
            return notText("argument \(number), \"\(String(cString: argument))\",")
        }
        for name in variables {
            guard let value = getenv(name), String(validatingCString: value) == nil else { continue }
            return notText("$\(name), \"\(String(cString: value))\",")
        }
        return nil
    }

    private static func notText(_ what: Message) -> BootstrapError {
        BootstrapError(
            "usage/not-text", status: .usage,
            "\(what) holds a byte that is not UTF-8, so it would name another file or directory",
            hint: "rename the file or directory, or name it through a link whose name is UTF-8")
    }
}
