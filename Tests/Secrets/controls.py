# SPDX-License-Identifier: Apache-2.0
"""Leaks that are planted: each detector must find its own, or the whole test fails. So a silent run means something."""

import os
import random
import resource
import signal
import subprocess
import sys

import forms
import traced

PASSPHRASE = "control-Oslo.vermilion-6402-estuary"


def story(watch):
    every_form()
    secret = watch.passphrase("pp", PASSPHRASE)
    key = watch.write("ca.key", forms.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))
    watch.learn_all()

    def leaks(where, *command, **options):
        before = len(watch.found)
        watch.run(f"the planted leak into {where}", *command, **options)
        found = watch.found[before:]
        del watch.found[before:]
        if not any(where in place for _, place, _ in found):
            raise AssertionError(f"the planted leak into {where} was not found; found: {found}")

    def silent(what, *command):
        before = len(watch.found)
        watch.run(what, *command)
        if watch.found[before:]:
            raise AssertionError(f"{what}: found what is not there: {watch.found[before:]}")

    silent("a program that leaks nothing", "sh", "-c", "true")
    leaks("standard output", "cat", secret)
    leaks("standard error", "sh", "-c", f"cat {key} >&2")
    leaks("file leaked", "cp", key, watch.at("leaked.pem"))
    os.remove(watch.at("leaked.pem"))
    # The right name, and a mode with which others can read it.
    leaks("file key.pem with mode 0644", "sh", "-c", f"umask 022; cat {key} >key.pem")
    os.remove(watch.at("key.pem"))
    if watch.way == "memory":
        script = "import os, sys; kept = open(sys.argv[1], 'rb').read(); os._exit(0)"
        leaks("memory", sys.executable, "-c", script, secret)
        leaks("memory", sys.executable, "-c", script, key)
        # Freed and not wiped, as a program that forgets to wipe does.
        script = "import os, sys; kept = open(sys.argv[1], 'rb').read() * 9; del kept; os._exit(0)"
        leaks("memory", sys.executable, "-c", script, secret)
        leaks("/proc/PID/environ", "sh", "-c", "true", environment={"LEAK": PASSPHRASE})
        leaks("/proc/PID/cmdline", "sh", "-c", "true", PASSPHRASE)
        waiting(watch)
    else:
        leaks("execve", "sh", "-c", f'env true "$(cat {secret})"')
        leaks("execve", "sh", "-c", f'LEAK="$(cat {secret})" env true')
        leaks("execve", "sh", "-c", f'LEAK="$(base64 -w0 {key})" env true')
        leaks("write", "sh", "-c", f"dd status=none if={secret} of=removed; rm removed")
        leaks("write pipe", "sh", "-c", f"cat {key} | wc -c")
        leaks("mkdir", "sh", "-c", f'mkdir "$(cat {secret})"; rmdir "$(cat {secret})"')
        leaks("write", "sh", "-c", f"(umask 022; dd status=none if={key} of=ca-key.pem); rm ca-key.pem")
        leaks("copy_file_range", sys.executable, "-c", "import os, sys; a, b = open(sys.argv[1]), open('copy', 'w'); "
              "os.copy_file_range(a.fileno(), b.fileno(), 99); os.remove('copy')", secret)


def every_form():
    """A key of each kind, in each form, at places of all kinds."""
    drawn = random.Random(1)
    for algorithm in (("EC", "-pkeyopt", "ec_paramgen_curve:P-384"), ("RSA",), ("ED25519",)):
        pem = forms.openssl("genpkey", "-algorithm", *algorithm)
        secret = forms.private_key("key", pem)
        old = pem if algorithm[0] == "ED25519" else forms.openssl("pkey", "-traditional", given=pem)
        der = forms.openssl("pkey", "-outform", "DER", given=pem)
        texts = [pem, old, der, der.hex().encode(), der.hex().upper().encode(), pem.decode().encode("utf-16-le")]
        texts += [forms.base64.b64encode(bytes(shift) + text) for text in (pem, der) for shift in range(3)]
        texts += [number[::-1] for number in forms.key_numbers(pem)]
        for text in texts:
            if not forms.find([secret], drawn.randbytes(1000) + text + drawn.randbytes(1000)):
                raise AssertionError(f"a {algorithm[0]} key was not found in {text[:80]!r}")
        public = forms.openssl("pkey", "-pubout", given=pem)
        for text in (public, forms.openssl("pkey", "-pubin", "-outform", "DER", given=public), drawn.randbytes(1 << 20)):
            if forms.find([secret], text):
                raise AssertionError(f"a {algorithm[0]} key was found where it is not")


def waiting(watch):
    """The program in the middle of a run holds a secret: it is seen there, so what is not seen at the end was wiped. Neither a
    core file nor another process of the same user gets it."""
    with open("/proc/sys/kernel/core_pattern") as pattern:
        to_file = not pattern.read().startswith("|")

    def reading(command, user=None):
        """Started, and waiting for the rest of a pipe of which it has read the secret."""
        ours, theirs = os.pipe()[::-1]
        process = subprocess.Popen(
            [word.replace("FD", str(theirs)) for word in command], pass_fds=(theirs,), cwd=watch.at("cores"), user=user, group=user,
            env=watch.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
        os.close(theirs)
        os.write(ours, PASSPHRASE.encode())
        traced.until(lambda: blocked(process.pid, theirs), f"{command[0]} reads")
        return process, ours

    def blocked(pid, number):
        """Whether a thread waits in read(2) of that descriptor, and has read all that there is."""
        for thread in os.listdir(f"/proc/{pid}/task"):
            words = traced.read(f"/proc/{pid}/task/{thread}/syscall").split()
            if words[:2] == [b"0", hex(number).encode()]:
                return any(forms.find(watch.secrets, data) for _, _, data in traced.memory(pid))
        return False

    def ended(pid):
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def crash(process, ours):
        process.send_signal(signal.SIGSEGV)
        try:
            _, status = traced.until(lambda: os.waitpid(process.pid, os.WNOHANG) if ended(process.pid) else None, "it ends")
        finally:
            process.kill()
            os.close(ours)
        cores = [watch.at("cores", name) for name in os.listdir(watch.at("cores"))]
        seen = any(forms.find(watch.secrets, traced.read(core)) for core in cores)
        for core in cores:
            os.remove(core)
        return os.WCOREDUMP(status), cores, seen

    os.makedirs(watch.at("cores"), exist_ok=True)
    os.chmod(watch.at("cores"), 0o777)
    # Of Debian's, which every user may run.
    shell = ["/bin/bash", "-c", "read -r -u FD kept"]
    dumped, cores, seen = crash(*reading(shell))
    if not dumped or to_file and not (cores and seen):
        raise AssertionError(f"the planted leak into a core file was not found: dumped {dumped}, {cores}, {seen}")
    program = [watch.program, "init", "--root", "out", "--passphrase-fd", "FD"]
    dumped, cores, _ = crash(*reading(program))
    if dumped or cores:
        raise AssertionError(f"the program wrote a core file: {cores}")
    watch.runs += 2
    # A process that may be looked into belongs to its user, one that may not to root (proc(5)).
    nobody = 65534
    for command, owner in ((shell, nobody), (program, 0)):
        process, ours = reading(command, user=nobody)
        found = os.stat(f"/proc/{process.pid}/mem").st_uid
        process.kill()
        process.wait()
        os.close(ours)
        if found != owner:
            raise AssertionError(f"the memory of {command[0]} belongs to user {found}, not to {owner}")
