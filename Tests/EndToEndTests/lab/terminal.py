#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program on a terminal of its own, and sends a ^C as soon as it has written a text.

Usage: terminal.py COLUMNS ROWS ^C-AFTER COMMAND...     ^C-AFTER may be empty
Writes what the program wrote, and ends with its status; 99 where the terminal is not as it was before.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios

columns, rows, trigger = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
main, side = pty.openpty()
fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
before = termios.tcgetattr(side)
child = os.fork()
if child == 0:
    os.close(main)
    os.setsid()
    fcntl.ioctl(side, termios.TIOCSCTTY, 0)
    for number in range(3):
        os.dup2(side, number)
    os.execvp(sys.argv[4], sys.argv[4:])



def has_ended():
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


seen, ended = b"", False
# Once more after its end, for what it wrote last. Our own descriptor of its side keeps the terminal open.
while select.select([main], [], [], 0 if ended else 0.1)[0] or not ended:
    while select.select([main], [], [], 0)[0]:
        seen += os.read(main, 65536)
    if trigger and trigger in seen:
        os.write(main, b"\x03")
        trigger = b""
    ended = has_ended()
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.stdout.buffer.write(seen)
sys.exit(99 if termios.tcgetattr(side) != before else status)
