# SPDX-License-Identifier: Apache-2.0
"""Runs programs, and looks for secrets in everything that they leave behind."""

import hashlib
import os
import re
import stat
import subprocess
import time

import forms
import traced

CALLS = ("execve,execveat,prctl,openat,open,creat,memfd_create,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,"
         "symlinkat,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,setxattr,fsetxattr,copy_file_range,sendfile,splice")
_text = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"')
_call = re.compile(rb"^\d+ +(\w+)\((?:\d+<([^>]*)>)?")
_made = re.compile(rb"O_CREAT[^)]*, 0(\d+)\) = \d+<((?:\\x[0-9a-f]{2})*)>")
_plain = re.compile(rb"-----BEGIN (?:\w+ )?PRIVATE KEY-----.*?-----END (?:\w+ )?PRIVATE KEY-----\n?", re.S)
_sealed = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----.*?-----END ENCRYPTED PRIVATE KEY-----\n?", re.S)


def unquoted(text):
    return bytes.fromhex(text.replace(b"\\x", b"").decode())


class Watch:
    """One directory, the secrets that are known, and what was found. `way` says what is looked at beside outputs and files:
    "memory", of the program at its end; or "calls", of it and all that it starts: arguments, environments, what is written."""

    def __init__(self, way, place, program):
        self.way, self.place, self.program = way, place, program
        self.found, self.secrets, self.planted, self.sealed, self.runs = [], [], set(), set(), 0
        self._known, self._checked, self._authorities, self._passphrases = set(), {}, set(), []
        for name in ("home", "tmp", "seen"):
            os.makedirs(self.at(name), exist_ok=True)
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.at("home"), "TMPDIR": self.at("tmp"), "LANG": "C.UTF-8"}

    def at(self, *names):
        return os.path.join(self.place, *names)

    # Planting

    def write(self, name, content, mode=0o600, planted=True):
        path = self.at(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, mode)
        if planted:
            self.planted.add(path)
        return path

    def plant(self, *names):
        """These files hold secrets because a test put them there."""
        self.planted |= {self.at(name) for name in names}

    def passphrase(self, name, text):
        self.secrets.append(forms.passphrase(f"the passphrase {name}", text))
        self._passphrases.append(text)
        return self.write(name, text + "\n")

    def learn(self, pem, name):
        """A private key that is a secret from now on."""
        digest = hashlib.sha256(pem).digest()
        if digest in self._known:
            return
        self._known.add(digest)
        try:
            numbers = forms.key_numbers(pem)
        except subprocess.CalledProcessError:
            return  # One that a test has broken.
        if numbers[0] in self._known:
            return
        self._known.add(numbers[0])
        secret = forms.private_key(f"the key of {os.path.relpath(name, self.place)}", pem)
        self.secrets.append(secret)
        if re.search(r"ca-key\.pem$|ca\.key$", name):
            self._authorities.add(secret)

    def learn_all(self):
        """Every key below the directory, also one that the program made: with their passphrase, if they have one."""
        for path in self.files():
            content = traced.read(path)
            for pem in _plain.findall(content):
                self.learn(pem, path)
            for pem in _sealed.findall(content):
                self.learn_sealed(pem, path)

    def learn_sealed(self, pem, path):
        digest = hashlib.sha256(pem).digest()
        if digest in self._known:
            return
        self._known.add(digest)
        for text in self._passphrases:
            try:
                self.learn(forms.openssl("pkey", "-passin", "env:P", given=pem, environment={**os.environ, "P": text}), path)
                return
            except subprocess.CalledProcessError:
                continue

    # Running

    def agg(self, what, *arguments, statuses=(0,), **options):
        return self.run(f"{what}", self.program, *arguments, statuses=statuses, **options)

    def run(self, what, *command, statuses=(0,), passing=(), given=None, descriptors=(), expecting=None, environment=None,
            copies=False):
        """- passing: kinds of secrets that may go through a pipe or socket: "leaf", "authority".
        - copies: whether the kernel may copy files for it, which is not seen.
        - expecting: text of the output, which says that the run did what it is about."""
        self.runs += 1
        began = time.monotonic()
        name = self.at("seen", f"{self.runs:03}")
        outputs = [open(f"{name}.{end}", "wb") for end in ("stdout", "stderr")]
        options = {"cwd": self.place, "env": {**self.environment, **(environment or {})}, "stdout": outputs[0],
                   "stderr": outputs[1], "pass_fds": descriptors}
        options["stdin"] = open(given, "rb") if given else subprocess.DEVNULL
        if self.way == "memory":
            last = traced.run_to_its_end(list(command), **options)
            status = last.status
        else:
            status = subprocess.run(
                ["strace", "-f", "-o", f"{name}.calls", "-v", "-y", "-xx", "-s", "10000000", "-e", f"trace={CALLS}", "-e",
                 "signal=none", *command], **options).returncode
        for output in outputs:
            output.close()
        if os.environ.get("VERBOSE"):
            print(f"    {time.monotonic() - began:5.1f} s  {what}: {status}", flush=True)
        self.learn_all()
        if self.way == "memory":
            self.look_at_memory(what, last)
        else:
            self.look_at_calls(what, f"{name}.calls", set(passing), copies)
            os.remove(f"{name}.calls")
        said = [traced.read(output.name) for output in outputs]
        for end, text in zip(("standard output", "standard error"), said):
            self.report(what, f"{end}", text)
        self.look_at_files(what)
        text = b"".join(said).decode(errors="replace")
        if status not in statuses:
            raise AssertionError(f"{what}: it ended with {status}, not with one of {statuses}:\n{text}")
        if expecting and expecting not in text:
            raise AssertionError(f"{what}: it does not say {expecting!r}:\n{text}")
        return text

    # Looking

    def report(self, what, where, data, but=lambda secret: False):
        for secret, form, place in forms.find(self.secrets, data):
            if not but(secret):
                self.found.append((what, where, f"{secret.name} as {form}"))

    def look_at_memory(self, what, last):
        if not last.parts:
            raise AssertionError(f"{what}: its memory was not seen")
        # One search for all of it, and another one for the place if there is something.
        if forms.find(self.secrets, b"\0".join(data for _, _, data in last.parts)):
            for name, _, data in last.parts:
                self.report(what, f"memory ({os.path.basename(name)})", data)
        self.report(what, "/proc/PID/environ", last.environment)
        self.report(what, "/proc/PID/cmdline", last.arguments)

    def look_at_calls(self, what, file, passing, copies=False):
        modes = {}
        with open(file, "rb") as lines:
            for line in lines:
                call = _call.match(line)
                if not call:
                    continue
                name, target = call[1].decode(), call[2] or b""
                if made := _made.search(line):
                    modes[unquoted(made[2])] = int(made[1], 8)
                if name in ("copy_file_range", "sendfile", "splice") and not copies and b" = -1 " not in line:
                    self.found.append((what, name, "what cannot be seen"))
                data = b"\0".join(unquoted(text) for text in _text.findall(line))
                if not data:
                    continue
                path = unquoted(target).decode(errors="replace") if target.startswith(b"\\x") else ""
                where = f"{name} {path or target.decode(errors='replace')}".strip()
                if name not in ("write", "writev", "pwrite64", "pwritev", "sendto", "sendmsg", "sendmmsg"):
                    self.report(what, where, data)
                elif path.startswith("/"):
                    self.report(what, where, data, but=lambda secret: self.may_hold(path, secret, modes.get(path.encode(), 0o600)))
                else:
                    self.report(what, where, data, but=lambda secret: self.kind(secret) in passing)

    def look_at_files(self, what):
        """Everything below the directory that has changed since it was last looked at."""
        for path in self.files():
            status = os.lstat(path)
            state = (status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode, len(self.secrets))
            if self._checked.get(path) == state:
                continue
            self._checked[path] = state
            mode = stat.S_IMODE(status.st_mode)
            self.report(what, f"file {os.path.relpath(path, self.place)} with mode {mode:04o}", traced.read(path),
                        but=lambda secret: self.may_hold(path, secret, mode))
            self.report(what, "a file's name", os.fsencode(path))

    def files(self):
        for folder, folders, names in os.walk(self.place):
            if folder == self.place and "seen" in folders:
                folders.remove("seen")
            for name in names:
                path = os.path.join(folder, name)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    yield path

    def kind(self, secret):
        return "authority" if secret in self._authorities else "leaf" if secret.name.startswith("the key") else "passphrase"

    def may_hold(self, path, secret, mode):
        """Whether a secret belongs into a file: a key that only its owner may read, in a state without a passphrase; a key of a
        certificate also on a node; and what a test has put there."""
        # A file that is not whole yet has the same rules.
        names = [re.sub(r"^\.(.*?)\.aggbootstrap-(?:tmp|import)$", r"\1", name) for name in path.split("/")]
        path = "/".join(names)
        if path in self.planted or os.path.join(self.place, path) in self.planted:
            return True
        if self.kind(secret) == "passphrase" or mode & 0o077 or not re.search(r"key\.pem$|\.key$|/\d+$", path):
            return False
        if any(path.startswith(f"{state}/") for state in self.sealed):
            return False
        return self.kind(secret) == "leaf" or path.endswith("/ca-key.pem")
