# SPDX-License-Identifier: Apache-2.0
"""What must be true of the files after a fault and after the run that follows. The program's own word counts for nothing:
files are read byte by byte, and openssl(1) judges keys and certificates."""
import base64
import functools
import hashlib
import json
import os
import re
import ssl
import stat
import subprocess
import tempfile
from dataclasses import dataclass

PRIVATE = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----\n(.*?)-----END \1-----\n?", re.S)
TEMPORARY = re.compile(r"(^|/)\.[^/]+|unfinished|-tmp$|~$|\.new$|/transaction($|/|\.)|/verify-")


@dataclass(frozen=True)
class Entry:
    kind: str
    mode: int
    owner: tuple
    content: bytes

    @property
    def is_file(self):
        return self.kind == "file"


def snapshot(root):
    """Everything below `root`: path to Entry."""
    found = {}
    for directory, names, files in os.walk(root):
        for name in names + files:
            path = os.path.join(directory, name)
            status = os.lstat(path)
            kind, content = "other", b""
            if stat.S_ISDIR(status.st_mode):
                kind = "directory"
            elif stat.S_ISLNK(status.st_mode):
                kind, content = "link", os.readlink(path).encode()
            elif stat.S_ISREG(status.st_mode):
                kind = "file"
                with open(path, "rb") as file:
                    content = file.read()
            found[os.path.relpath(path, root)] = Entry(
                kind, stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid), content)
    return found


def files(tree):
    return {path: entry for path, entry in tree.items() if entry.is_file}


def temporaries(tree):
    return sorted(path for path in tree if TEMPORARY.search(path))


# OpenSSL, through openssl(1) and Python's ssl. What it said of the same bytes before is remembered.

@functools.lru_cache(maxsize=4096)
def openssl(arguments, content):
    done = subprocess.run(["openssl", *arguments], input=content, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


@functools.lru_cache(maxsize=4096)
def are_pair(certificate, key, passphrase=None):
    """Whether both are whole and OpenSSL takes one as the key of the other."""
    with tempfile.NamedTemporaryFile(prefix="pair.") as file:
        file.write(key + certificate)
        file.flush()
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(file.name, password=passphrase or (lambda: b""))
        except (ssl.SSLError, ValueError):
            return False
    return is_whole_certificate(certificate)


@functools.lru_cache(maxsize=4096)
def is_whole_certificate(pem):
    """One certificate from the first byte to the last: OpenSSL reads it, and it encodes to the same text again."""
    try:
        der = ssl.PEM_cert_to_DER_cert(pem.decode("ascii"))
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
        return ssl.DER_cert_to_PEM_cert(der) == pem.decode("ascii")
    except (ssl.SSLError, ValueError):
        return False


@functools.lru_cache(maxsize=4096)
def verifies(certificate, ca, directory):
    paths = []
    for name, content in (("ca", ca), ("certificate", certificate)):
        paths.append(os.path.join(directory, f"verify-{os.getpid()}-{name}.pem"))
        with open(paths[-1], "wb") as file:
            file.write(content)
    try:
        done = subprocess.run(
            ["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", *paths], capture_output=True,
            check=False)
    finally:
        for path in paths:
            os.unlink(path)
    return done.returncode == 0


# Secrets.

def is_key_file(path):
    """Whether a private key may be in a file of this name: a key's own file, or what is written beside it."""
    return re.search(r"key\.pem(\.aggbootstrap-tmp)?$", path) is not None


def needles(content):
    """What a file with one of these private keys in it would hold: the secret number as base64 in a PEM, as bytes, and as
    hexadecimal text. The rest of a key's file is no secret: it holds the public key, which certificates hold too."""
    found = set()
    for label, body in PRIVATE.findall(content):
        if label.startswith(b"ENCRYPTED"):
            continue
        der = base64.b64decode(body)
        number = re.search(rb"\x02\x01\x01\x04([\x20\x30\x42])", der)
        if not number:
            raise ValueError("a private key of another kind than ECDSA")
        start, length = number.end(), number.group(1)[0]
        secret, text = der[start:start + length], base64.b64encode(der)
        found.update({secret, secret.hex().encode(), secret.hex().upper().encode(), base64.b64encode(secret)[:40]})
        found.add(text[-(-start * 4 // 3):(start + length) * 4 // 3])
    return found


def holds(content, wanted):
    """PEM breaks its lines every 64 characters."""
    joined = content.replace(b"\n", b"")
    return b"PRIVATE KEY-----" in content or any(needle in content or needle in joined for needle in wanted)


def leaks(tree, outputs, secrets=()):
    """Where a private key of the tree, or one of `secrets`, is outside its own file."""
    wanted = set(secrets)
    for path, entry in files(tree).items():
        if is_key_file(path):
            wanted |= needles(entry.content)
    problems = []
    for name, text in outputs.items():
        if holds(text, wanted):
            problems.append(f"a private key is in {name}")
    for path, entry in files(tree).items():
        if is_key_file(path):
            if entry.mode & 0o077:
                problems.append(f"others can read {path}: mode {entry.mode:o}")
        elif holds(entry.content, wanted):
            problems.append(f"a private key is in {path}")
    return problems


# The state directory.

def state_problems(state, passphrase=None, may_be_torn=False):
    """What is wrong with a state directory: parts that are not whole, keys that are not their certificate's."""
    problems = []
    for directory in sorted({os.path.dirname(path) for path in files(state)}):
        if TEMPORARY.search(directory):
            continue
        here = {os.path.basename(path): entry.content for path, entry in files(state).items()
                if os.path.dirname(path) == directory and not TEMPORARY.search(path)}
        parts = directory.split("/")
        if parts[0] == "ca" and len(parts) == 2:
            problems += generation_problems(directory, here, passphrase)
        if parts[0] == "leaves" and len(parts) == 3:
            problems += leaf_problems(directory, here, passphrase)
    ledger = state.get("ledger.jsonl")
    if ledger:
        problems += ledger_problems(ledger.content, may_be_torn)
    return problems


def generation_problems(directory, here, passphrase):
    if "ca.pem" not in here or not is_whole_certificate(here["ca.pem"]):
        return [f"{directory} has no whole ca.pem"]
    if "ca-key.pem" in here and not are_pair(here["ca.pem"], here["ca-key.pem"], passphrase):
        return [f"{directory}/ca-key.pem is not the key of ca.pem"]
    return []


def leaf_problems(directory, here, passphrase):
    for name in ("certificate.pem", "key.pem", "issued"):
        if name not in here:
            return [f"{directory} has no {name}"]
    if not are_pair(here["certificate.pem"], here["key.pem"], passphrase):
        return [f"{directory}/key.pem is not the key of certificate.pem"]
    der = ssl.PEM_cert_to_DER_cert(here["certificate.pem"].decode("ascii"))
    if hashlib.sha256(der).hexdigest() not in here["issued"].decode():
        return [f"{directory}/issued names another certificate"]
    return []


def ledger_problems(content, may_be_torn):
    lines = content.split(b"\n")
    problems = []
    for number, line in enumerate(lines[:-1], 1):
        try:
            json.loads(line)
        except ValueError:
            problems.append(f"line {number} of ledger.jsonl is no JSON")
    if lines[-1] and not may_be_torn:
        problems.append("the last line of ledger.jsonl is torn")
    return problems
