# SPDX-License-Identifier: Apache-2.0
"""What a run asks the kernel, seen by strace(1): where a fault can be, and how one is injected there."""
import re
from collections import Counter
from dataclasses import dataclass

# Calls that change a file, its name, its mode or what is on the disk. A name that this machine lacks is skipped ("?").
CHANGING = """write pwrite64 writev ftruncate fsync fdatasync sync_file_range fadvise64 fallocate copy_file_range sendfile
    rename renameat renameat2 unlink unlinkat rmdir mkdir mkdirat link linkat symlink symlinkat mknod mknodat
    chmod fchmod fchmodat chown fchown lchown fchownat utimensat setxattr fsetxattr flock""".split()
OPENING = ["open", "openat", "openat2", "creat"]
READING = """read pread64 readv stat lstat fstat newfstatat statx access faccessat faccessat2 readlink readlinkat
    getdents64 lseek""".split()

# The errors that a kind of call can return, by open(2), write(2), fsync(2) and so on.
SPACE = ["ENOSPC", "EDQUOT"]
ERRORS = {
    "open to write": ["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "EROFS", "EACCES", "EIO", "EINTR"],
    "open to read": ["EMFILE", "ENFILE", "EACCES", "EIO", "EINTR"],
    "make": ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EIO"],
    "write": ["ENOSPC", "EDQUOT", "EIO", "EINTR"],
    "sync": ["EIO", "ENOSPC", "EDQUOT", "EINTR", "EROFS"],
    "rename": ["ENOSPC", "EROFS", "EACCES", "EIO", "EBUSY"],
    "remove": ["EROFS", "EACCES", "EIO", "EBUSY"],
    "attributes": ["EROFS", "EPERM", "EIO"],
    "cut": ["EIO", "EINTR", "EROFS"],
    "lock": ["EINTR", "ENOLCK"],
    "hint": ["EIO"],
    "read": ["EIO", "EINTR"],
    "look": ["EACCES", "EIO"],
    "list": ["EIO"],
}
KINDS = {
    "write": "write", "pwrite64": "write", "writev": "write", "copy_file_range": "write", "sendfile": "write",
    "fallocate": "write", "ftruncate": "cut", "fsync": "sync", "fdatasync": "sync", "sync_file_range": "hint",
    "fadvise64": "hint", "rename": "rename", "renameat": "rename", "renameat2": "rename", "unlink": "remove",
    "unlinkat": "remove", "rmdir": "remove", "mkdir": "make", "mkdirat": "make", "link": "make", "linkat": "make",
    "symlink": "make", "symlinkat": "make", "mknod": "make", "mknodat": "make", "flock": "lock", "read": "read",
    "pread64": "read", "readv": "read", "getdents64": "list", "lseek": "read",
}
LINE = re.compile(r"^(\d+) +(\w+)\((.*)$")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
DESCRIPTOR = re.compile(r"^\d+<([^>]*)>")


@dataclass(frozen=True)
class Point:
    """The `index`th time that one thread makes `call` on `path`."""
    call: str
    path: str
    index: int
    kind: str

    @property
    def changes(self):
        return self.kind not in ("open to read", "read", "look", "list")


@dataclass
class Call:
    thread: str
    name: str
    text: str
    path: str

    @property
    def is_opening_to_write(self):
        return self.name in OPENING and re.search(r"\bO_(CREAT|WRONLY|RDWR|TRUNC)\b", self.text) is not None

    @property
    def kind(self):
        if self.name in OPENING:
            return "open to write" if self.is_opening_to_write else "open to read"
        if self.name in KINDS:
            return KINDS[self.name]
        return "look" if self.name in READING else "attributes"

    @property
    def mode(self):
        """The mode that a call gives a file; None where it gives none."""
        if self.name in OPENING and "O_CREAT" not in self.text and self.name != "creat":
            return None
        if self.name not in OPENING + ["mkdir", "mkdirat", "chmod", "fchmod", "fchmodat"]:
            return None
        found = re.search(r", (0[0-7]*)(?:\)|, )", self.text)
        return int(found.group(1), 8) if found else None


def calls(trace):
    """The calls of a trace that was written with -f -y, in the order in which they began."""
    found = []
    for line in trace.splitlines():
        match = LINE.match(line)
        if not match or match.group(2) == "resumed":
            continue
        thread, name, text = match.groups()
        if name == "execve" or text.startswith("<"):
            continue
        found.append(Call(thread, name, text, path_of(name, text)))
    return found


def path_of(name, text):
    """The path that strace compares with -P: the first one of a call, or that of its descriptor."""
    descriptor = DESCRIPTOR.match(text)
    if descriptor and not name.endswith("at"):
        return descriptor.group(1)
    quoted = QUOTED.search(text)
    if quoted and not quoted.group(1) and descriptor:
        return descriptor.group(1)
    return quoted.group(1) if quoted else ""


def points(trace, below):
    """Every call on a path below `below`, with the path as it begins there."""
    counts, found = Counter(), {}
    for call in calls(trace):
        if call.path != below and not call.path.startswith(below + "/"):
            continue
        path = call.path[len(below):]
        key = (call.thread, call.name, path)
        counts[key] += 1
        point = Point(call.name, path, counts[key], call.kind)
        found.setdefault(point, None)
    return list(found)


def strace(options, log):
    """With --seccomp-bpf, strace 6.1 does not send most signals; without it, each call of the program costs two stops."""
    quick = [] if any("signal=" in option for option in options) else ["--seccomp-bpf"]
    return ["strace", "-f", "-qq", "-y", "-s", "0", *quick, "-o", log] + options


def watch(names):
    return ["-e", "trace=" + ",".join("?" + name for name in names)]


def injection(point, below, action):
    """strace's options for one fault. `action` is an errno, or KILL: then the thread enters the call and does not make it."""
    what = "signal=KILL" if action == "KILL" else f"error={action}"
    return [
        "-P", below + point.path, "-e", f"trace={point.call}",
        "-e", f"inject={point.call}:{what}:when={point.index}",
    ]


def was_hit(trace):
    return "(INJECTED)" in trace or "+++ killed by SIGKILL +++" in trace
