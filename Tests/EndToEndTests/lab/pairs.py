#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sums up times that were measured in rounds: lines of NAME SECONDS on standard input, each name once a round. Prints the median
of each, and how many times each other one took what the first one took."""
import statistics
import sys

times = {}
for line in sys.stdin:
    name, seconds = line.split()[:2]
    times.setdefault(name, []).append(float(seconds))
first, ours = next(iter(times.items()))
for name, values in times.items():
    print(f"{name:20} median {statistics.median(values):.2f} s ({min(values):.2f}-{max(values):.2f}), {len(values)} rounds")
for name, values in times.items():
    if name != first:
        ratios = [mine / other for mine, other in zip(ours, values)]
        print(f"{first} / {name}: {statistics.median(ratios):.3f}, median of {len(ratios)} rounds")
