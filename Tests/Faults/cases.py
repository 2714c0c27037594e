# SPDX-License-Identifier: Apache-2.0
"""One case: what was there before is copied, a run meets one fault, and what it leaves is judged; then a run without one."""
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

import invariants
import tracing
from scenarios import PASSPHRASE

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
MAY_END = {0, 1, 3, 4, 64, 65, 74, 75}
GENERATION = re.compile(r"\d{4}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Fault:
    """`way` is how it is made; `what` is an errno, KILL, a kind of the shim's or a limit."""
    scenario: str
    way: str
    what: str
    number: int = 0
    point: tracing.Point = None

    def __str__(self):
        if self.point:
            return f"{self.what} at {self.point.call} {self.point.index} of {self.point.path}"
        return f"{self.what} {self.number}"

    @property
    def kills(self):
        return "KILL" in self.what.upper()

    @property
    def lasts(self):
        """Whether everything after it fails too, so that nothing can be put back."""
        return self.way in ("limit", "space") or self.what in ("full", "rofs", "broken")


@dataclass
class Outcome:
    fault: Fault
    status: int = 0
    was_hit: bool = True
    window: bool = False
    problems: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    seconds: float = 0


class Case:
    """A scenario in a directory of its own."""

    def __init__(self, program, shim, scenario, directory):
        self.program, self.shim, self.scenario, self.directory = program, shim, scenario, directory
        self.template = directory + ".before"
        self.outputs, self.hung = {}, ""
        self.normal = None

    # Runs.

    def environment(self, more=()):
        # One thread: the calls come in the same order each time.
        return {"PATH": PATH, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "LIBDISPATCH_COOPERATIVE_POOL_STRICT": "1", **dict(more)}

    def run(self, command, wrapper=(), environment=(), limits=(), plan=False):
        argv = [*wrapper, *self.scenario.argv(self.program, command, self.directory)]
        if plan:
            argv.append("--detailed-exitcode")

        def prepare():
            # Nobody's umask hides a mode that is too wide.
            os.umask(0)
            for limit, value in limits:
                resource.setrlimit(limit, (value, value))

        with subprocess.Popen(
            argv, env=self.environment(environment), cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, preexec_fn=prepare, start_new_session=True,
        ) as process:
            try:
                output, errors = process.communicate(timeout=90)
            except subprocess.TimeoutExpired:
                self.hung = hung_where(process.pid)
                os.killpg(process.pid, signal.SIGKILL)
                raise
        self.outputs = {"its standard output": output, "its standard error": errors}
        return subprocess.CompletedProcess(argv, process.returncode, output, errors)

    def said(self):
        return b"".join(self.outputs.values()).decode(errors="replace")

    def prepare_template(self):
        self.clear()
        os.makedirs(os.path.join(self.directory, "exported"))
        for command, text in self.scenario.before:
            self.scenario.write_inputs(self.directory, text)
            done = self.run(command)
            if done.returncode != 0:
                raise SystemExit(f"error: {self.scenario.name}: {command} ended with {done.returncode}\n{self.said()}")
        if self.scenario.name == "import":
            shutil.rmtree(os.path.join(self.directory, "state"))
        self.scenario.write_inputs(self.directory)
        for path, text in self.scenario.files.items():
            path = os.path.join(self.directory, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
        shutil.rmtree(self.template, ignore_errors=True)
        os.rename(self.directory, self.template)

    def like(self, other):
        """What another case of the same scenario has prepared and observed."""
        self.template, self.before, self.after, self.normal = other.template, other.before, other.after, other.normal

    def clear(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)

    def restore_template(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.copytree(self.template, self.directory, symlinks=True)

    # The run without a fault: what there is to hit, and how the files are then.

    def observe(self):
        self.restore_template()
        self.before = self.trees()
        log = self.directory + ".trace"
        names = tracing.CHANGING + tracing.OPENING + tracing.READING
        done = self.run(self.scenario.command, tracing.strace(tracing.watch(names), log))
        if done.returncode != self.scenario.status:
            raise SystemExit(f"error: {self.scenario.name} ended with {done.returncode}\n{self.said()}")
        with open(log, encoding="utf-8", errors="replace") as file:
            trace = file.read()
        self.after = self.trees()
        self.normal = normalized(self.after)
        problems = self.settled_problems() + mode_problems(trace, self.directory)
        self.restore_template()
        log = self.directory + ".log"
        if os.path.exists(log):
            os.unlink(log)
        self.run(self.scenario.command, environment=self.shim_environment("none:0", log))
        with open(log, encoding="ascii") as file:
            changes = [line.split()[1] for line in file]
        os.unlink(log)
        return trace, changes, problems

    def shim_environment(self, fault, log=None):
        more = {"LD_PRELOAD": self.shim, "FAULT": fault, "FAULT_BELOW": self.directory + "/"}
        return {**more, "FAULT_LOG": log} if log else more

    def trees(self):
        return {name: invariants.snapshot(os.path.join(self.directory, name)) for name in ("out", "state", "exported")}

    # One fault.

    def meet(self, fault):
        started = time.monotonic()
        outcome = Outcome(fault)
        self.restore_template()
        try:
            if fault.way == "space":
                self.meet_full_disk(fault, outcome)
            else:
                done = self.run_with(fault, outcome)
                self.judge(done, outcome)
                self.heal(outcome)
        except subprocess.TimeoutExpired:
            outcome.problems.append(f"a run did not end: {self.hung}")
        outcome.seconds = time.monotonic() - started
        return outcome

    def run_with(self, fault, outcome):
        command = self.scenario.command
        if fault.way == "strace":
            log = self.directory + ".trace"
            done = self.run(command, tracing.strace(tracing.injection(fault.point, self.directory, fault.what), log))
            with open(log, encoding="utf-8", errors="replace") as file:
                trace = file.read()
            outcome.was_hit = tracing.was_hit(trace)
            outcome.problems += mode_problems(trace, self.directory)
            return done
        if fault.way == "shim":
            return self.run(command, environment=self.shim_environment(f"{fault.what}:{fault.number}"))
        if fault.way == "limit":
            limit = resource.RLIMIT_NOFILE if fault.what == "open files" else resource.RLIMIT_FSIZE
            return self.run(command, limits=[(limit, fault.number)])
        return self.run(command)

    def meet_full_disk(self, fault, outcome):
        """The case's directory is a file system in memory of its own, with so much room (KiB) or so many names."""
        moved = self.directory + ".moved"
        shutil.rmtree(moved, ignore_errors=True)
        os.rename(self.directory, moved)
        os.mkdir(self.directory)
        size, names = (fault.number, 4096) if fault.what == "KiB" else (4096, fault.number)
        mount("-t", "tmpfs", "-o", f"size={size}k,nr_inodes={names},mode=0755", "tmpfs", self.directory)
        try:
            try:
                shutil.copytree(moved, self.directory, symlinks=True, dirs_exist_ok=True)
            except shutil.Error:
                outcome.was_hit = False
                return
            done = self.run(self.scenario.command)
            outcome.was_hit = done.returncode != 0
            self.judge(done, outcome)
            mount("-o", "remount,size=8m,nr_inodes=8192", self.directory)
            self.heal(outcome)
        finally:
            subprocess.run(["umount", self.directory], check=True)

    # Judgement.

    def judge(self, done, outcome):
        fault, status = outcome.fault, done.returncode
        outcome.status, problems = status, outcome.problems
        killed = status in (-signal.SIGKILL, 128 + signal.SIGKILL) and fault.kills or status in (
            -signal.SIGXFSZ, 128 + signal.SIGXFSZ) and fault.what == "file size"
        if not killed and status not in MAY_END:
            loading = fault.what == "open files" and status == 127
            if not loading:
                problems.append(f"it ended with {status}: {self.said()[-400:]}")
        if not killed and status not in (0, self.scenario.status, 127) and "error:" not in self.said():
            problems.append(f"it ended with {status} and names no error")
        now = self.trees()
        outcome.window = self.file_problems(now, killed, status, fault, problems)
        problems += invariants.state_problems(now["state"], self.passphrase(), may_be_torn=killed or status != 0)
        problems += self.leak_problems(now)
        if status == 0 and self.scenario.status == 0:
            problems += [f"it ended with 0, but {problem}" for problem in self.settled_problems()]
            if fault.way == "strace" and outcome.was_hit:
                outcome.notes.append(f"status 0 after {fault.what} at {fault.point.call} ({fault.point.kind})")
        if status == 1 and not killed:
            self.compare_with_before(now, fault, outcome)

    def passphrase(self):
        return PASSPHRASE.strip() if self.scenario.passphrase else None

    def leak_problems(self, trees):
        whole = {f"{name}/{path}": entry for name, tree in trees.items() for path, entry in tree.items()}
        secrets = [PASSPHRASE.strip().encode()] if self.scenario.passphrase else []
        return invariants.leaks(whole, self.outputs, secrets)

    def file_problems(self, now, killed, status, fault, problems):
        """Each file of a node is the whole old or the whole new one. True where the files of two pairs lie side by side."""
        leaves = [entry.content for path, entry in now["state"].items() if path.endswith("/certificate.pem")]
        keys = [entry.content for path, entry in now["state"].items() if re.match(r"leaves/.*/key\.pem$", path)]
        cas = [entry.content for path, entry in now["state"].items() if path.endswith("/ca.pem")]
        window = False
        for path, entry in invariants.files(now["out"]).items():
            if invariants.TEMPORARY.search(path):
                continue
            old, new = self.before["out"].get(path), self.after["out"].get(path)
            whole = [found.content for found in (old, new) if found]
            if path.endswith("/aggregator-key.pem"):
                whole = [old.content] if old else []
                if any(invariants.are_pair(leaf, entry.content) for leaf in leaves):
                    whole.append(entry.content)
                whole += keys
            elif path.endswith("/aggregator.pem"):
                whole = ([old.content] if old else []) + leaves
            elif path.endswith("/aggregator-ca.pem"):
                whole = ([old.content] if old else []) + cas
            if entry.content not in whole:
                problems.append(f"{path} is neither the old nor the new file")
            if new and entry.mode & ~new.mode:
                problems.append(f"{path} has mode {entry.mode:o}")
        for node in sorted({path.split("/")[0] for path in now["out"]}):
            pair = [now["out"].get(f"{node}/etc/kubernetes/ssl/{name}") for name in ("aggregator.pem", "aggregator-key.pem")]
            if None in pair or invariants.are_pair(pair[0].content, pair[1].content):
                continue
            window = True
            # Two renames are two calls: what ends the process between them, or forbids every further call, shows it.
            if not killed and not (fault.lasts and status == 3):
                problems.append(f"{node} has a certificate and a key that do not belong together")
        return window

    def compare_with_before(self, now, fault, outcome):
        """Status 1 says that every node is as it was."""
        old, new = self.before["out"], now["out"]
        for path in sorted(set(old) | set(new)):
            if invariants.TEMPORARY.search(path):
                removal = fault.point and fault.point.kind == "remove" or fault.lasts or fault.way == "shim"
                if path in new and not removal:
                    outcome.problems.append(f"{path} was left although nothing stopped its removal")
            elif old.get(path) != new.get(path) and not (path in new and new[path].kind == "directory"):
                outcome.problems.append(f"it ended with 1, but {path} is not as it was")

    def settled_problems(self, may_be_torn=False):
        """What is not as a run without a fault leaves it."""
        now, problems = self.trees(), []
        for name, tree in now.items():
            problems += [f"{name}/{path} is left" for path in invariants.temporaries(tree)]
        problems += invariants.state_problems(now["state"], self.passphrase(), may_be_torn) + self.leak_problems(now)
        for node in sorted({path.split("/")[0] for path in now["out"]}):
            ca, certificate, key = (now["out"].get(f"{node}/etc/kubernetes/ssl/aggregator{suffix}.pem") for suffix in ("-ca", "", "-key"))
            if None in (ca, certificate, key):
                problems.append(f"{node} lacks a file")
            elif not invariants.are_pair(certificate.content, key.content):
                problems.append(f"{node} has a certificate and a key that do not belong together")
            elif not invariants.verifies(certificate.content, ca.content, os.path.dirname(self.directory)):
                problems.append(f"{node}'s certificate does not verify under its CA file")
        mine, wanted = normalized(now), self.normal or normalized(now)
        problems += [f"{path} is missing" for path in sorted(set(wanted) - set(mine))]
        problems += [f"{path} is there, and is not without a fault" for path in sorted(set(mine) - set(wanted))]
        problems += [f"{path} has the modes {mine[path]}, not {wanted[path]}" for path in sorted(set(mine) & set(wanted))
                     if not mine[path] <= wanted[path]]
        generations = {path.split("/")[1] for path in now["state"] if path.startswith("ca/")}
        if len(generations) > 1:
            problems.append(f"there are {len(generations)} CAs")
        numbers = [path for path in now["state"] if re.fullmatch(r"leaves/[^/]+/\d+", path)]
        if len(numbers) > 2 * self.scenario.nodes:
            problems.append(f"there are {len(numbers)} certificates in the state directory")
        old_cas = [entry.content for path, entry in self.before["out"].items() if path.endswith("/aggregator-ca.pem")]
        new_cas = [entry.content for path, entry in now["out"].items() if path.endswith("/aggregator-ca.pem")]
        if old_cas and sorted(old_cas) != sorted(new_cas):
            problems.append("there is another CA")
        return problems

    def heal(self, outcome):
        """The next run without a fault must make it good, and the one after it has nothing to do."""
        commands = self.scenario.healing
        command = commands[outcome.fault.number % len(commands)]
        if self.scenario.name == "import" and self.is_imported():
            command = None
        if command:
            done = self.run(command)
            if done.returncode != self.scenario.status:
                outcome.problems.append(f"the next run ({' '.join(command)}) ended with {done.returncode}: {self.said()[-600:]}")
                return
        # The torn end of a ledger is no entry, and the next entry takes its place; there is none if nothing was left to do.
        was_torn = outcome.status in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ)
        outcome.problems += [f"after the next run {problem}" for problem in self.settled_problems(was_torn)]
        done = self.run(["plan"], plan=True)
        if done.returncode != 0 and self.scenario.converges:
            outcome.problems.append(f"after the next run a plan is not empty ({done.returncode}): {self.said()[-600:]}")

    def is_imported(self):
        try:
            with open(os.path.join(self.directory, "state/ledger.jsonl"), encoding="utf-8") as file:
                return json.loads(file.read().strip().split("\n")[-1])["event"] == "imported-state"
        except (OSError, ValueError, KeyError):
            return False


def hung_where(group):
    """What the processes of a group wait for."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getpgid(int(name)) == group:
                for thread in os.listdir(f"/proc/{name}/task"):
                    with open(f"/proc/{name}/task/{thread}/wchan", encoding="ascii") as file, open(
                            f"/proc/{name}/task/{thread}/comm", encoding="utf-8") as comm:
                        found.append(f"{comm.read().strip()} in {file.read()}")
        except OSError:
            continue
    return ", ".join(found)


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def normalized(trees):
    """The paths of all trees with the numbers of CAs and certificates taken out, and the modes that each has."""
    found = {}
    for name, tree in trees.items():
        for path, entry in tree.items():
            path = re.sub(r"(^|/)(leaves/[^/]+/)\d+", r"\1\2N", GENERATION.sub("GENERATION", f"{name}/{path}"))
            found.setdefault(path, set()).add(f"{entry.mode:o}")
    return found


def mode_problems(trace, below):
    """From its first byte a key has the mode that it keeps, and nothing widens it: by the calls, not by what is left."""
    problems = []
    for call in tracing.calls(trace):
        if call.path.startswith(below) and call.mode is not None and call.mode & 0o077 and invariants.is_key_file(call.path):
            problems.append(f"{call.name} gives {call.path[len(below):]} the mode {call.mode:o}")
    return problems
