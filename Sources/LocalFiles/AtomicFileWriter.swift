// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// Writes files so that a reader sees the old content or the new, never a part, and a crash leaves one of the two.
///
/// Temporary files in the same directory with their final mode from the first byte, fsync of all of them, renames over the
/// targets, fsync of each directory. Never link(2): kube-apiserver misses changes of a file whose old inode is kept alive.
package enum AtomicFileWriter {
    /// Ends the name of every temporary file, so that leftovers of a crash can be told from other files.
    package static let temporarySuffix = ".aggbootstrap-tmp"

    /// Puts files into temporary files beside their paths, all of them durable, none visible under its name yet.
    /// - Returns: the temporary files' paths in the order of `files`, to be given to `commit` or `discard`.
    /// - Throws: `node/not-regular` where a device, pipe or socket would be replaced; a system error, after which none of the
    ///   temporary files is there.
    package static func prepare(_ files: [FileWrite]) throws(NodeError) -> [String] {
        try prepare(files, at: files.map { temporary(for: $0.path) })
    }

    private static func prepare(
        _ files: [FileWrite], at temporaries: [String]
    ) throws(NodeError) -> [String] {
        for file in files where try FileStatus.of(file.path)?.kind == .other {
            throw NodeError(
                .notRegular, operation: "replace", subject: file.path, underlying: "it is not a regular file")
        }
        do throws(NodeError) {
            // A leftover of a killed run has the same name; nobody else writes it while the lock is held.
            for temporary in temporaries { try remove(temporary) }
            try DurableFiles.write(files, at: temporaries)
        } catch {
            discard(temporaries)
            // Its user knows the file, and not what it is called on the way.
            let names = Dictionary(zip(temporaries, files.map(\.path))) { first, _ in first }
            throw error.mapValues { names[$0] ?? $0 }
        }
        return temporaries
    }

    /// Stages one file.
    package static func prepare(
        _ path: String, _ content: FileContent, mode: UInt32, owner: FileOwner?
    ) throws(NodeError) -> String {
        try prepare([FileWrite(path, content, mode: mode, owner: owner)])[0]
    }

    /// Renames prepared files over their targets, in order and back to back, removes others, then makes the directories
    /// durable, each once.
    /// - Parameter removed: files that must be gone; it is no error where one is not there.
    /// - Throws: a system error; the targets named before it in `files` are the new ones.
    package static func commit(
        _ files: [(temporary: String, path: String)], removing removed: [String] = []
    ) throws(NodeError) {
        for file in files {
            guard rename(file.temporary, file.path) == 0 else { throw .system("replace", file.path) }
        }
        for path in removed { try remove(path) }
        var directories = Set(files.map { split($0.path).directory })
        for directory in Set(removed.map { split($0).directory }) where try FileStatus.of(directory) != nil {
            directories.insert(directory)
        }
        try syncDirectories(directories)
    }

    /// Removes prepared files; what cannot be removed is left for the next run.
    package static func discard(_ temporaries: [String]) {
        for temporary in temporaries { _ = unlink(temporary) }
    }

    /// Stages and commits files.
    package static func write(_ files: [FileWrite]) throws(NodeError) {
        try write(files, at: files.map { temporary(for: $0.path) })
    }

    /// As `write`, for what several processes may write at once, as no lock is held: one of them wins.
    package static func writeUnlocked(
        _ path: String, _ content: FileContent, mode: UInt32
    ) throws(NodeError) {
        let (directory, name) = split(path)
        let prefix = ".\(name)."
        for other in (try? FileReader.list(directory)) ?? []
        where other.hasPrefix(prefix) && other.hasSuffix(temporarySuffix) {
            // Of a run that was killed: nobody else would ever remove it.
            let number = pid_t(other.dropFirst(prefix.count).dropLast(temporarySuffix.count)) ?? 0
            if number > 0, kill(number, 0) != 0, errno == ESRCH { _ = unlink("\(directory)/\(other)") }
        }
        let temporary = "\(directory)/\(prefix)\(getpid())\(temporarySuffix)"
        try write([FileWrite(path, content, mode: mode)], at: [temporary])
    }

    private static func write(_ files: [FileWrite], at paths: [String]) throws(NodeError) {
        let temporaries = try prepare(files, at: paths)
        do throws(NodeError) {
            try commit(zip(temporaries, files).map { ($0, $1.path) })
        } catch {
            discard(temporaries)
            throw error
        }
    }

    /// Makes directories that are each there with all of their files or not at all: filled under another name, and renamed
    /// back to back once everything in them is durable.
    /// - Parameter mode: of these directories, and of those above them that are missing.
    package static func addDirectories(
        _ directories: [NewDirectory], mode: UInt32, owner: FileOwner?
    ) throws(NodeError) {
        var changed: Set<String> = []
        do throws(NodeError) {
            for directory in directories {
                try removeTree(directory.unfinished)
                try make(directory.unfinished, mode, owner, &changed)
            }
            let files = directories.flatMap { $0.files(owner) }
            try DurableFiles.write(files, at: files.map(\.path))
            let parents = Set(directories.map { split($0.path).directory })
            // The unfinished names need not last.
            try syncDirectories(changed.subtracting(parents).union(directories.map(\.unfinished)))
            for directory in directories {
                guard rename(directory.unfinished, directory.path) == 0 else {
                    throw NodeError.system("rename to \(directory.path)", directory.unfinished)
                }
            }
            try syncDirectories(parents)
        } catch {
            for directory in directories { try? removeTree(directory.unfinished) }
            throw error
        }
    }

    /// Stages and commits one file.
    package static func write(
        _ path: String, _ content: FileContent, mode: UInt32, owner: FileOwner? = nil
    ) throws(NodeError) {
        try write([FileWrite(path, content, mode: mode, owner: owner)])
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
        try syncDirectories(parents)
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
                hint: "move it away: a directory is needed there")
        }
        let parent = split(path).directory
        if parent != path { try make(parent, mode, owner, &parents) }
        try makeOne(path, mode, owner)
        parents.insert(parent)
    }

    /// Under another name until its mode is right, against the umask: a server that does not run as root must reach its
    /// files, also where this process is killed in between.
    private static func makeOne(_ path: String, _ mode: UInt32, _ owner: FileOwner?) throws(NodeError) {
        let (directory, name) = split(path)
        let temporary = "\(directory)/.\(name)\(temporarySuffix)"
        // One that is there already was left by a killed run, or belongs to a thread that makes the same directory.
        let isOurs = mkdir(temporary, mode_t(mode)) == 0
        guard isOurs || errno == EEXIST else { throw .system("make the directory", path) }
        do throws(NodeError) {
            let made = try FileDescriptor.open(temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            if let owner { try made.give(to: owner) }
            guard fchmod(made.number, mode_t(mode)) == 0 else {
                throw NodeError.system("change the mode of", path)
            }
            guard rename(temporary, path) == 0 else { throw NodeError.system("make the directory", path) }
        } catch {
            let isThere = (try? FileStatus.of(path))?.kind == .directory
            if isOurs || isThere { _ = rmdir(temporary) }
            guard isThere else { throw error }
        }
    }

    /// Makes the names in a directory durable.
    package static func syncDirectory(_ path: String) throws(NodeError) {
        try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY).sync()
    }

    private static func syncDirectories(_ paths: Set<String>) throws(NodeError) {
        for path in paths.sorted() { try syncDirectory(path) }
    }

    /// Renames a directory to a name that is free, and makes both parents durable.
    package static func renameDirectory(_ from: String, to: String) throws(NodeError) {
        guard rename(from, to) == 0 else { throw .system("rename to \(to)", from) }
        try syncDirectories([split(from).directory, split(to).directory])
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

    /// Where `prepare` writes the new content of `path`.
    package static func temporary(for path: String) -> String {
        let (directory, name) = split(path)
        return "\(directory)/.\(name)\(temporarySuffix)"
    }

    /// Parent directory and last component; the parent of a name without a slash is `.`.
    package static func split(_ path: String) -> (directory: String, name: String) { path.splitPath }
}
