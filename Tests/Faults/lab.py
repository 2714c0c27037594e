#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults in the lab, for the story `faults`: where they come, and whether what they leave on a node is whole.

Usage: lab.py points TRACE COUNT SEED BELOW...   drawn calls of a trace that change a file below one of these paths,
                                                 a line each: CALL INDEX ACTION PATH
       lab.py changes LOG COUNT SEED             drawn faults of partial.c at the changes of a run, as many in each stage of a
                                                 rotation: STAGE FAULT NUMBER CALL PATH. LOG has what the run wrote, and FAULT_LOG
       lab.py modes TRACE                        a line for each call that gives a key too wide a mode
       lab.py judge ROOT SAID [killed] [settled] [state=DIR]
                                                 a line for each thing that is wrong on the node with this root directory
  state     the operator's state directory; else that of the node
  killed    the process was ended: a key and its certificate may be those of two pairs
  settled   after the run that healed it: nothing may be left of the work
"""
import os
import random
import re
import sys

import invariants
import tracing
from cases import mode_problems

PLACES = ["etc/kubernetes", "etc/systemd/system", "var/lib/aggbootstrap", "var/lib/aggbootstrap-node", "run/aggbootstrap-node"]
COPIES = "var/lib/aggbootstrap-node/"
# What `rotate` says of a stage, and a line of FAULT_LOG.
STAGE = re.compile(r".*aggbootstrap: (S[0-7]) ")
COUNTED = re.compile(r"\d+ ([a-z0-9]+) (/.*)$")
# A number that a certificate gets anew in each run.
NUMBERED = re.compile(r"/leaves/[^/]+/\.*(unfinished-)?\d+|\d{4}-[0-9a-f]{8}|/verify-")


def points(trace, count, seed, places):
    with open(trace, encoding="utf-8", errors="replace") as file:
        text = file.read()
    found = []
    for place in places:
        for point in tracing.points(text, place.rstrip("/")):
            path = place.rstrip("/") + point.path
            if not point.changes or point.kind == "hint" or NUMBERED.search(path):
                continue
            found += [(point.call, point.index, action, path) for action in tracing.ERRORS[point.kind] + ["KILL"] * 3]
    draw = random.Random(int(seed))
    for point in draw.sample(found, min(int(count), len(found))):
        print(*point)


def changes(log, count, seed):
    """What `rotate` has said last tells the stage that a change belongs to. Of S1 it says nothing before it is done."""
    stage, number, writes, found = "S0", 0, 0, {}
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            said = STAGE.match(line)
            stage = said.group(1).replace("S0", "S1") if said else stage
            change = COUNTED.match(line)
            if not change:
                continue
            number += 1
            kinds = [("kill", number)] * 3 + [(kind, number) for kind in ("once", "full", "rofs", "broken")]
            if change.group(1) in ("write", "pwrite", "pwrite64"):
                writes += 1
                kinds += [("short", writes)] * 2
            found.setdefault(stage, []).append((kinds, change.groups()))
    draw, drawn = random.Random(int(seed)), []
    stages = sorted(found, reverse=True)
    for stage in stages:
        draw.shuffle(found[stage])
    while len(drawn) < int(count) and any(found.values()):
        for stage in stages:
            if found[stage]:
                kinds, call = found[stage].pop()
                drawn.append((stage, *draw.choice(kinds), *call))
    for fault in drawn[:int(count)]:
        print(*fault)


def modes(trace):
    with open(trace, encoding="utf-8", errors="replace") as file:
        text = file.read()
    problems = mode_problems(text, "/")
    if not any(call.mode is not None and invariants.is_key_file(call.path) for call in tracing.calls(text)):
        problems.append("no call gives a key a mode")
    print("\n".join(problems))
    return 1 if problems else 0


def judge(root, said, options):
    tree = {}
    for place in PLACES:
        for path, entry in invariants.snapshot(os.path.join(root, place)).items():
            tree[f"{place}/{path}"] = entry
    with open(said, "rb") as file:
        outputs = {"what it wrote": file.read()}
    problems = []
    pair = [tree.get(f"etc/kubernetes/ssl/{name}") for name in ("aggregator.pem", "aggregator-key.pem")]
    if None in pair:
        if pair != [None, None] and "killed" not in options:
            problems.append("there is a key or a certificate without the other")
    elif not invariants.are_pair(pair[0].content, pair[1].content) and "killed" not in options:
        problems.append("the certificate and the key do not belong together")
    for path, entry in invariants.files(tree).items():
        if invariants.TEMPORARY.search(path):
            continue
        name = os.path.basename(path)
        if name.startswith("aggregator") and name.endswith(".pem"):
            whole = re.fullmatch(rb"(-----BEGIN [A-Z ]+-----\n[A-Za-z0-9+/=\n]+-----END [A-Z ]+-----\n)+", entry.content)
            problems += [] if whole else [f"{path} is torn"]
        if name == "zz-aggregation.conf" and not entry.content.endswith(b"\n"):
            problems.append(f"{path} is torn")
    # Copies of keys have numbers as names, in a directory that only root can enter.
    problems += invariants.leaks({path: entry for path, entry in tree.items() if not path.startswith(COPIES)}, outputs)
    problems += [f"others can read {path}" for path, entry in invariants.files(tree).items()
                 if path.startswith(COPIES) and entry.mode & 0o077 and b"PRIVATE KEY" in entry.content]
    places = [option.split("=", 1)[1] for option in options if option.startswith("state=")]
    state = invariants.snapshot(places[0] if places else os.path.join(root, "var/lib/aggbootstrap/lab"))
    if places:
        problems += invariants.leaks(state, outputs)
        problems += [f"{path} is left" for path in invariants.temporaries(state)] if "settled" in options else []
    problems += invariants.state_problems(state, may_be_torn="settled" not in options)
    if "settled" in options:
        problems += [f"{path} is left" for path in invariants.temporaries(tree)]
    return problems


def main(arguments):
    if arguments[0] == "points":
        points(*arguments[1:4], arguments[4:])
        return 0
    if arguments[0] == "changes":
        changes(*arguments[1:])
        return 0
    if arguments[0] == "modes":
        return modes(arguments[1])
    problems = judge(arguments[1], arguments[2], arguments[3:])
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
