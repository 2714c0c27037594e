#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Injects a fault at every system call of offline runs that changes a file or reads one, and judges what is left.

Usage: faults.py AGGBOOTSTRAP [DIRECTORY]
  FAULTS=short        a seeded sample of about a minute
  FAULTS=all          also each error of each call in each scenario, and each of the many times that a file is looked at
  FAULTS_SEED=N       the seed of that sample (1)
  SCENARIOS='a b'     some scenarios only
  JOBS=2              runs at a time
  FAULT='a text'      only the faults whose name holds it, such as 'EIO at fsync'

DIRECTORY is in memory if it is not given: what is kept after a power failure is not what is tested here. See docs/dev/fault-sweep.md.
"""
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter

import tracing
from cases import GENERATION, Case, Fault
from scenarios import ALL

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = 500
LASTING = ["full", "rofs", "broken"]
# Cases by the name of their scenario: those that saw the run without a fault, and a worker's own.
OBSERVED, WORKERS = {}, {}


def faults_of(case, trace, changes):
    """Every fault of a scenario."""
    scenario = case.scenario
    found = [*injections(case, tracing.points(trace, case.directory))]
    for number in range(1, len(changes) + 1):
        others = ["once", *LASTING]
        kinds = others if scenario.is_full else [others[number % len(others)]]
        found += [Fault(scenario.name, "shim", kind, number) for kind in ["kill", *kinds]]
    writes = changes.count("write") + changes.count("pwrite")
    found += [Fault(scenario.name, "shim", "short", number) for number in range(1, writes + 1)]
    found.append(Fault(scenario.name, "shim", "trickle", 1))
    found += [Fault(scenario.name, "limit", "open files", number) for number in range(3, 24, 5 if scenario.is_slow else 1)]
    if scenario.is_full:
        found += [Fault(scenario.name, "limit", "file size", number) for number in [*range(0, 400, 40), *range(400, 2400, 100)]]
        found += full_file_systems(case) if os.geteuid() == 0 else []
    return found


def injections(case, points):
    """What strace injects: each error that a call which changes something can return, or one of them in turn; and one for each
    file that is looked at or read."""
    scenario, number, is_all = case.scenario, 0, os.environ.get("FAULTS") == "all"
    for point in points:
        # The name of a CA that does not exist yet is another one in each run: the shim, which counts, meets those.
        if GENERATION.search(point.path) and not os.path.lexists(case.template + point.path.replace("/.unfinished-", "/")):
            continue
        if not point.changes and (point.index > 1 or scenario.is_slow) and not is_all:
            continue
        actions = tracing.ERRORS[point.kind] + (["KILL"] if point.changes else [])
        if not is_all and not (scenario.is_full and point.changes):
            actions = [actions[number % len(actions)]]
        for action in actions:
            yield Fault(scenario.name, "strace", action, number, point)
            number += 1


def full_file_systems(case):
    """From no room for anything new to room for all of it, page by page and name by name."""
    inputs = 8
    names, pages = ([count(trees) for trees in (case.before, case.after)] for count in (count_names, count_pages))
    name = case.scenario.name
    return [Fault(name, "space", "KiB", 4 * number) for number in range(pages[0] + inputs, pages[1] + inputs + 8)] + [
        Fault(name, "space", "names", number) for number in range(names[0] + inputs, names[1] + inputs + 8)]


def count_names(trees):
    return sum(map(len, trees.values()))


def count_pages(trees):
    return sum(-(-len(entry.content) // 4096) for tree in trees.values() for entry in tree.values())


def make_cases(program, shim, directory):
    number = multiprocessing.current_process()._identity
    where = os.path.join(directory, f"job{number[0] if number else 0}")
    return {scenario.name: Case(program, shim, scenario, os.path.join(where, scenario.name)) for scenario in ALL}


def start_worker(program, shim, directory):
    os.nice(10)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for name, case in make_cases(program, shim, directory).items():
        if name in OBSERVED:
            os.makedirs(os.path.dirname(case.directory), exist_ok=True)
            case.like(OBSERVED[name])
            WORKERS[name] = case


def meet(fault):
    return WORKERS[fault.scenario].meet(fault)


def sample(faults):
    """As many of each scenario and way, by a seed; fewer where each run is slow."""
    draw = random.Random(int(os.environ.get("FAULTS_SEED") or 1))
    groups = {}
    for fault in faults:
        groups.setdefault((fault.scenario, fault.way, fault.what == "KILL"), []).append(fault)
    chosen = []
    for (name, _, _), group in groups.items():
        share = SAMPLE // len(groups) // (4 if OBSERVED[name].scenario.is_slow else 1)
        chosen += draw.sample(group, min(len(group), max(1, share)))
    return chosen


def build_shim(directory):
    shim = os.path.join(directory, "partial.so")
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", shim, os.path.join(HERE, "partial.c")], check=True)
    return shim


def main(arguments):
    program = os.path.realpath(arguments[0])
    parent = arguments[1] if len(arguments) > 1 else "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    if parent:
        os.makedirs(parent, exist_ok=True)
    directory = tempfile.mkdtemp(prefix="aggbootstrap-faults.", dir=parent)
    try:
        return sweep(program, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def sweep(program, directory):
    started = time.monotonic()
    shim = build_shim(directory)
    wanted = (os.environ.get("SCENARIOS") or " ".join(scenario.name for scenario in ALL)).split()
    all_faults, problems = [], []
    for name, case in make_cases(program, shim, directory).items():
        if name not in wanted:
            continue
        os.makedirs(os.path.dirname(case.directory), exist_ok=True)
        case.prepare_template()
        trace, changes, wrong = case.observe()
        problems += [f"{name}, without a fault: {problem}" for problem in wrong]
        OBSERVED[name] = case
        found = faults_of(case, trace, changes)
        seen = sum(point.changes for point in counted(trace, case.directory))
        print(f"{name:17} {len(found):5} faults; {len(changes)} changes by the shim, {seen} by strace", flush=True)
        all_faults += found
    text = os.environ.get("FAULT")
    if text:
        all_faults = [fault for fault in all_faults if text in str(fault)]
    if os.environ.get("FAULTS") == "short":
        all_faults = sample(all_faults)
        print(f"a sample of {len(all_faults)} with the seed {os.environ.get('FAULTS_SEED') or 1}")
    outcomes = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with multiprocessing.get_context("fork").Pool(int(os.environ.get("JOBS") or 2), start_worker, (program, shim, directory)) as pool:
        try:
            for outcome in pool.imap_unordered(meet, all_faults, chunksize=4):
                outcomes.append(outcome)
                if len(outcomes) % 500 == 0:
                    print(f"{len(outcomes)} of {len(all_faults)}, {time.monotonic() - started:.0f} s", flush=True)
                for problem in outcome.problems:
                    print(f"VIOLATION  {outcome.fault.scenario}: {outcome.fault} (status {outcome.status}): {problem}", flush=True)
        except KeyboardInterrupt:
            problems.append(f"it was stopped after {len(outcomes)} of {len(all_faults)} faults")
    return report(outcomes, problems, time.monotonic() - started)


def counted(trace, below):
    """The changes that the shim counts too: not the locks and hints."""
    for call in tracing.calls(trace):
        if call.path.startswith(below + "/") and call.kind not in ("lock", "hint"):
            yield tracing.Point(call.name, call.path, 0, call.kind)


def report(outcomes, problems, seconds):
    hit = [outcome for outcome in outcomes if outcome.was_hit]
    table = {}
    for outcome in hit:
        row = table.setdefault((outcome.fault.scenario, outcome.fault.way), Counter())
        row["faults"] += 1
        row["violations"] += bool(outcome.problems)
        row["two pairs"] += outcome.window
        row[f"status {outcome.status}"] += 1
    print()
    for (name, way), row in sorted(table.items()):
        print(f"{name:17} {way:7} " + ", ".join(f"{count} {word}" for word, count in row.items() if count))
    print("\nErrors after which a run ended well:")
    for note, count in sorted(Counter(note for outcome in hit for note in outcome.notes).items()):
        print(f"  {count:4}  {note}")
    for problem in problems:
        print(f"VIOLATION  {problem}")
    violations = len(problems) + sum(bool(outcome.problems) for outcome in hit)
    missed = len(outcomes) - len(hit)
    windows = sum(outcome.window for outcome in hit)
    for outcome in outcomes:
        if not outcome.was_hit and os.environ.get("VERBOSE"):
            print(f"not reached  {outcome.fault.scenario}: {outcome.fault} (status {outcome.status})")
    print(f"\n{windows} kills were met between the renames of a key and of its certificate; the next run healed each")
    print(f"{len(hit)} faults injected, {violations} violations; {missed} not reached; {seconds:.0f} s")
    return 1 if violations or not hit else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    if os.geteuid() == 0 and os.environ.get("FAULTS_INSIDE") != "1":
        # File systems of its own, which nobody else sees, and which end with it.
        os.execvpe("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv],
                   {**os.environ, "FAULTS_INSIDE": "1"})
    sys.exit(main(sys.argv[1:]))
