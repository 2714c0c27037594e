#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sums up what the story of thirty nodes measured: lines of WHAT KEYS NODES SECONDS CPU-SECONDS on standard input."""
import statistics
import sys

times = {}
for line in sys.stdin:
    what, keys, nodes, wall, cpu = line.split()
    times.setdefault((what, keys, nodes), []).append((float(wall), float(cpu)))
for (what, keys, nodes), values in times.items():
    walls, cpus = ([value[part] for value in values] for part in (0, 1))
    print(f"{what:6} {keys:10} {nodes:>2} nodes: median {statistics.median(walls):.2f} s ({min(walls):.2f}-{max(walls):.2f}), "
          f"{statistics.median(cpus):.2f} s of CPU on the operator's side")
for what, keys in dict.fromkeys(key[:2] for key in times):
    ratios = [many[0] / few[0] for many, few in zip(times[what, keys, "30"], times[what, keys, "3"])]
    print(f"{what:6} {keys:10} 30 nodes to 3: {statistics.median(ratios):.2f}, median of {len(ratios)} rounds")
for what, keys, nodes in times:
    if what != "ssh":
        ratios = [ours[0] / ssh[0] for ours, ssh in zip(times[what, keys, nodes], times["ssh", keys, nodes])]
        print(f"{what:6} {keys:10} {nodes:>2} nodes, to ssh: {statistics.median(ratios):.2f}, median of {len(ratios)} rounds")
