// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// Who owns a file; nil leaves the owner that the writing process gives it.
package struct FileOwner: Sendable, Hashable {
    package let userID: UInt32
    package let groupID: UInt32

    package init(userID: UInt32, groupID: UInt32) {
        self.userID = userID
        self.groupID = groupID
    }
}

/// Writes files so that a reader sees the old content or the new, never a part, and a crash leaves one of the two.
///
/// Temporary file in the same directory with its final mode from the first byte, fsync, rename over the target,
/// fsync of the directory. Never link(2): kube-apiserver misses changes of a file whose old inode is kept alive.
package enum AtomicFileWriter {
    /// Ends the name of every temporary file, so that leftovers of a crash can be told from other files.
    package static let temporarySuffix = ".aggbootstrap-tmp"

    /// Puts `content` into a temporary file beside `path`, durable, not yet visible under its name.
    /// - Returns: the temporary file's path, to be given to `commit` or `discard`.
    /// - Throws: a system error, after which the temporary file is gone.
    package static func stage(
        _ path: String, _ content: FileContent, mode: UInt32, owner: FileOwner?
    ) throws(NodeError) -> String {
        let temporary = temporary(for: path)
        // A leftover of a killed run has the same name; nobody else writes it while the lock is held.
        try remove(temporary)
        do throws(NodeError) {
            let file = try FileDescriptor.open(
                temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode_t(mode))
            if let owner { try file.give(to: owner) }
            // After fchown, which clears set-id bits, and against the umask.
            guard fchmod(file.number, mode_t(mode)) == 0 else {
                throw NodeError.system("change the mode of", temporary)
            }
            try content.write(to: file)
            try file.sync()
            guard try content.isIn(temporary) else {
                throw NodeError(
                    .system, operation: "write", subject: path,
                    underlying: "what was read back is not what was written",
                    hint: "look at the disk and its file system; nothing was replaced")
            }
            return temporary
        } catch {
            _ = unlink(temporary)
            throw error
        }
    }

    /// Renames staged files over their targets, in order and back to back, then makes the directories durable.
    /// - Throws: a system error; the targets named before it in `files` are the new ones.
    package static func commit(_ files: [(temporary: String, path: String)]) throws(NodeError) {
        for file in files {
            guard rename(file.temporary, file.path) == 0 else { throw .system("replace", file.path) }
        }
        for directory in Set(files.map { split($0.path).directory }).sorted() { try syncDirectory(directory) }
    }

    /// Removes staged files; what cannot be removed is left for the next run.
    package static func discard(_ temporaries: [String]) {
        for temporary in temporaries { _ = unlink(temporary) }
    }

    /// Stages and commits the files of one directory that nobody reads yet: it is made durable once, for all of them.
    package static func fill(
        _ directory: String, _ files: [(name: String, content: FileContent, mode: UInt32)],
        owner: FileOwner? = nil
    ) throws(NodeError) {
        var staged: [(temporary: String, path: String)] = []
        do throws(NodeError) {
            for file in files {
                let path = "\(directory)/\(file.name)"
                staged.append((try stage(path, file.content, mode: file.mode, owner: owner), path))
            }
            try commit(staged)
        } catch {
            discard(staged.map(\.temporary))
            throw error
        }
    }

    /// Stages and commits one file.
    package static func write(
        _ path: String, _ content: FileContent, mode: UInt32, owner: FileOwner? = nil
    ) throws(NodeError) {
        let temporary = try stage(path, content, mode: mode, owner: owner)
        do throws(NodeError) {
            try commit([(temporary, path)])
        } catch {
            discard([temporary])
            throw error
        }
    }

    /// Writes a file that must not be there yet: of two that do so at once, one makes it.
    /// - Returns: false where something of that name is there already, a link that leads nowhere too.
    package static func create(
        _ path: String, _ content: FileContent, mode: UInt32
    ) throws(NodeError) -> Bool {
        let number = retrying { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode)) }
        guard number >= 0 else {
            if errno == EEXIST { return false }
            throw .system("write", path)
        }
        let file = FileDescriptor(owning: number, path: path)
        do throws(NodeError) {
            try content.write(to: file)
            try file.sync()
        } catch {
            _ = unlink(path)
            throw error
        }
        try syncDirectory(split(path).directory)
        return true
    }

    /// Makes directories and those above them that are missing, whatever the umask, then makes their names durable;
    /// existing ones are left as they are.
    /// - Parameter owner: of those that are made; nil for the process's own.
    package static func makeDirectories(
        _ paths: [String], mode: UInt32, owner: FileOwner? = nil
    ) throws(NodeError) {
        var parents: Set<String> = []
        for path in paths { try make(path, mode, owner, &parents) }
        for parent in parents.sorted() { try syncDirectory(parent) }
    }

    /// Makes one directory as above.
    package static func makeDirectories(
        _ path: String, mode: UInt32, owner: FileOwner? = nil
    ) throws(NodeError) {
        try makeDirectories([path], mode: mode, owner: owner)
    }

    /// - Parameter parents: gets every directory that a name was added to.
    private static func make(
        _ path: String, _ mode: UInt32, _ owner: FileOwner?, _ parents: inout Set<String>
    ) throws(NodeError) {
        if let status = try FileStatus.of(path) {
            if status.kind == .directory { return }
            var target = stat()
            if status.kind == .symbolicLink, stat(path, &target) == 0, target.st_mode & S_IFMT == S_IFDIR {
                return
            }
            throw NodeError(
                .notRegular, operation: "use", subject: path, underlying: "it is not a directory",
                hint: "move it away: a directory has to be there")
        }
        let parent = split(path).directory
        if parent != path { try make(parent, mode, owner, &parents) }
        try makeOne(path, mode, owner)
        parents.insert(parent)
    }

    /// Under another name until its mode is right, against the umask: a server that does not run as root has to reach its
    /// files, also where this process is killed in between.
    private static func makeOne(_ path: String, _ mode: UInt32, _ owner: FileOwner?) throws(NodeError) {
        let (directory, name) = split(path)
        let temporary = "\(directory)/.\(name)\(temporarySuffix)"
        // One that is there already was left by a killed run, or belongs to a thread that makes the same directory.
        if mkdir(temporary, mode_t(mode)) != 0, errno != EEXIST { throw .system("make the directory", path) }
        do throws(NodeError) {
            let made = try FileDescriptor.open(temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            if let owner { try made.give(to: owner) }
            guard fchmod(made.number, mode_t(mode)) == 0 else {
                throw NodeError.system("change the mode of", path)
            }
            guard rename(temporary, path) == 0 else { throw NodeError.system("make the directory", path) }
        } catch {
            guard try FileStatus.of(path)?.kind == .directory else { throw error }
            _ = rmdir(temporary)
        }
    }

    /// Makes the names in a directory durable.
    package static func syncDirectory(_ path: String) throws(NodeError) {
        try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY).sync()
    }

    /// Renames a directory to a name that is free, and makes both parents durable.
    package static func renameDirectory(_ from: String, to: String) throws(NodeError) {
        guard rename(from, to) == 0 else { throw .system("rename to \(to)", from) }
        for directory in Set([split(from).directory, split(to).directory]).sorted() {
            try syncDirectory(directory)
        }
    }

    /// Removes a file; it is no error where there is none.
    package static func remove(_ path: String) throws(NodeError) {
        if unlink(path) == 0 { return }
        let cause = errno
        // A read-only file system refuses also what is not there.
        if cause == ENOENT { return }
        if try FileStatus.of(path) == nil { return }
        throw .system("remove", path, cause)
    }

    /// Removes a directory of plain files and of such directories; it is no error where there is none.
    package static func removeTree(_ path: String) throws(NodeError) {
        guard let status = try FileStatus.of(path) else { return }
        guard status.kind == .directory else { return try remove(path) }
        for name in try FileReader.list(path) { try removeTree("\(path)/\(name)") }
        guard rmdir(path) == 0 || errno == ENOENT else { throw .system("remove", path) }
    }

    /// Removes a directory that is empty; one that is missing, holds something or is a mount point is left as it is.
    package static func removeEmptyDirectory(_ path: String) throws(NodeError) {
        if rmdir(path) == 0 { return }
        let cause = errno
        // A read-only file system refuses also what is not there.
        if [ENOENT, ENOTEMPTY, EEXIST, EBUSY].contains(cause) { return }
        if try FileStatus.of(path) == nil { return }
        throw .system("remove", path, cause)
    }

    /// Where `stage` puts what is to be at `path`.
    package static func temporary(for path: String) -> String {
        let (directory, name) = split(path)
        return "\(directory)/.\(name)\(temporarySuffix)"
    }

    /// Parent directory and last component; the parent of a name without a slash is `.`.
    package static func split(_ path: String) -> (directory: String, name: String) { path.splitPath }
}
