# SPDX-License-Identifier: Apache-2.0
"""Plants private keys and passphrases, runs the program in many ways, and looks for them in all that it leaves behind.
Usage: look.py PROGRAM [STORY...]      as root; in namespaces of its own, so that it reaches no other process and no network"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import controls
import stories
from watch import Watch


HERE = os.path.dirname(os.path.abspath(__file__))


WAYS = ("memory", "calls")


def inside(way, program, wanted):
    """Each way of looking has namespaces of its own: what it starts ends with it, and /run, /var/lib, /tmp, process numbers and
    the network are its own."""
    return subprocess.Popen(["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc", sys.executable,
                             os.path.abspath(__file__), f"--{way}", program, *wanted])


def main(program, wanted):
    if os.geteuid() != 0:
        sys.exit("error: make secrets reads the memory of its programs: run sudo env \"PATH=$PATH\" make secrets")
    fetched = subprocess.run([os.path.join(HERE, "../../scripts/fetch-ansible.sh")], stdout=subprocess.PIPE)
    if fetched.returncode == 0:
        os.environ["AGGBOOTSTRAP_ANSIBLE"] = fetched.stdout.decode().strip()
    elif os.environ.get("CI") == "true":
        sys.exit("error: there is no Ansible to run the module with")
    else:
        print("no Ansible: its module is not run", flush=True)
    started = time.monotonic()
    parts = [inside(way, os.path.realpath(program), wanted) for way in WAYS]
    if any([part.wait() for part in parts]):
        sys.exit("a secret was found, or a run did not do what it should")
    print(f"no secret was found, in {time.monotonic() - started:.0f} s")


def look(way, program, wanted):
    for place in ("/run", "/var/lib", "/tmp"):
        subprocess.run(["mount", "-t", "tmpfs", "secrets", place], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failures, runs, secrets = 0, 0, 0
    place = tempfile.mkdtemp(prefix="aggbootstrap-secrets-", dir="/var/tmp")
    os.chmod(place, 0o711)
    try:
        copy = shutil.copy(program, os.path.join(place, "aggbootstrap"))
        for story in [controls.story, *stories.ALL]:
            name = "controls" if story is controls.story else story.__name__
            if wanted and name not in wanted:
                continue
            folder = os.path.join(place, name)
            os.mkdir(folder, 0o711)
            watch, began = Watch(way, folder, copy), time.monotonic()
            failed = []
            try:
                story(watch)
            except (AssertionError, RuntimeError) as error:
                failed.append(str(error))
            failed += [f"{what}: in {where}: {secret}" for what, where, secret in dict.fromkeys(watch.found)]
            print(f"{way:6} {name:18} {watch.runs:3} runs, {len(watch.secrets):3} secrets, {time.monotonic() - began:5.1f} s", flush=True)
            for failure in failed:
                print(f"FAILED {way}, {name}: {failure}", flush=True)
            failures, runs, secrets = failures + len(failed), runs + watch.runs, secrets + len(watch.secrets)
    finally:
        if os.environ.get("KEEP"):
            print(f"kept: {place}")
        else:
            shutil.rmtree(place, ignore_errors=True)
    if failures or not runs:
        sys.exit(f"{way}: {failures} failures in {runs} runs")
    print(f"{way}: {runs} runs, {secrets} secrets", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: look.py PROGRAM [STORY...]")
    if sys.argv[1] in [f"--{way}" for way in WAYS]:
        look(sys.argv[1][2:], sys.argv[2], sys.argv[3:])
    else:
        main(sys.argv[1], sys.argv[2:])
