# SPDX-License-Identifier: Apache-2.0
"""Looks like a kube-apiserver that something else than systemd runs: its command line, and answers over TLS.
Usage: server.py COMMAND-LINE-FILE CERTIFICATE KEY PORT PADDING      one word of the command line in each line"""

import ctypes
import http.server
import json
import ssl
import sys


def take_command_line(words):
    """Puts other words where the kernel reads this process's command line; the padding is room for them."""
    with open("/proc/self/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    start, end = int(fields[45]), int(fields[46])
    text = b"".join(word.encode() + b"\0" for word in words)
    # Nothing else tells the end than the room.
    fill = end - start - len(text)
    assert fill >= 0, "not enough padding"
    text = text[:-1] + b"\0" + b"--v=1\0".rjust(fill, b"-")[:fill] if fill else text
    ctypes.memmove(start, text, len(text))
    ctypes.CDLL(None).prctl(15, b"kube-apiserver", 0, 0, 0)


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        version = {"major": "1", "minor": "30", "gitVersion": "v1.30.0"}
        body = json.dumps(version).encode() if self.path == "/version" else b"ok"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    with open(sys.argv[1]) as lines:
        words = lines.read().splitlines()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    context.verify_mode = ssl.CERT_NONE
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[4])), Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    take_command_line(words)
    server.serve_forever()
