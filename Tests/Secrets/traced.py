# SPDX-License-Identifier: Apache-2.0
"""Runs a program and looks at the whole of its memory: in its last moment, or while it waits."""

import ctypes
import os
import signal
import subprocess
import time

PTRACE_TRACEME, PTRACE_CONT, PTRACE_SETOPTIONS = 0, 7, 0x4200
PTRACE_O_TRACEEXIT, PTRACE_O_EXITKILL, PTRACE_EVENT_EXIT = 0x40, 0x100000, 6
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, data=0):
    if _libc.ptrace(request, pid, None, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace: {os.strerror(number)}")


def memory(pid):
    """All memory that a process may write to: (where, address, bytes) for each run of pages that it has touched. The others hold
    zeros; and what it only reads comes from files."""
    parts = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem, open(f"/proc/{pid}/pagemap", "rb", 0) as pages:
        for line in maps:
            words = line.split(None, 5)
            name = words[5].strip() if len(words) > 5 else "memory"
            if "w" not in words[1] or name.startswith("[v"):
                continue
            start, end = (int(word, 16) for word in words[0].split("-"))
            for first, last in touched(pages, start, end):
                mem.seek(first)
                parts.append((name, first, mem.read(last - first)))
    return parts


def touched(pages, start, end):
    """Ranges of pages that are in memory or in swap: the two highest bits of each word of pagemap (proc(5))."""
    size = os.sysconf("SC_PAGE_SIZE")
    pages.seek(start // size * 8)
    highest = pages.read((end - start) // size * 8)[7::8]
    first = None
    for index, byte in enumerate(highest + b"\0"):
        if byte & 0xC0 and first is None:
            first = index
        elif not byte & 0xC0 and first is not None:
            yield start + first * size, start + index * size
            first = None


class LastMoment:
    """What a run left in its memory when it was about to end, and how it ended."""

    def __init__(self):
        self.parts, self.environment, self.arguments = [], b"", b""
        self.status = None


def run_to_its_end(arguments, **options):
    """Runs a program; its memory is read after its last instruction, while the kernel still holds it.
    - Returns: LastMoment; the status is negative for a signal."""
    process = subprocess.Popen(arguments, preexec_fn=lambda: ptrace(PTRACE_TRACEME, 0), **options)
    last, pid = LastMoment(), process.pid
    _, status = os.waitpid(pid, 0)
    if not os.WIFSTOPPED(status):
        raise RuntimeError(f"{arguments[0]} cannot be traced: status {status}")
    ptrace(PTRACE_SETOPTIONS, pid, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)
    deliver = 0
    while True:
        ptrace(PTRACE_CONT, pid, deliver)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            break
        deliver = 0
        if status >> 8 == signal.SIGTRAP | PTRACE_EVENT_EXIT << 8:
            last.parts = memory(pid)
            last.environment = read(f"/proc/{pid}/environ")
            last.arguments = read(f"/proc/{pid}/cmdline")
        elif os.WSTOPSIG(status) != signal.SIGTRAP:
            deliver = os.WSTOPSIG(status)
    last.status = os.waitstatus_to_exitcode(status)
    process.returncode = last.status
    return last


def read(path):
    with open(path, "rb") as file:
        return file.read()


def until(condition, what, seconds=20):
    """Waits for a condition, looking again often."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise RuntimeError(f"{what}: not within {seconds} s")
