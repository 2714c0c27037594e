#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures whole processes, interleaved in one run, and prints their ratios pair by pair.

Usage: bench.py AGGBOOTSTRAP DIRECTORY [p256|rsa|start|growth|fleet|lint ...]
  RUNS=60        pairs with P-256 keys and runs of `--version` and of an `init` without a change
  FLEET=1000     clusters, each with a state and a tree of its own
  TREES=2000     trees of control planes that verify --offline judges
  RSA_RUNS=350   runs with RSA-2048 keys, whose time is random with a wide spread; cfssl in every third round

DIRECTORY is made where it is missing; it should be on the file system that matters, for fsync's sake. It reports and
never fails because of a time. See docs/reference/benchmarks.md.
"""
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SUBJECT = [{"C": "CN", "ST": "Shanghai", "L": "Shanghai", "O": "k8s", "OU": "System"}]
HOSTS = ["127.0.0.1", "192.168.123.250", "10.254.0.1", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
NULL = os.open(os.devnull, os.O_RDWR)


# Processes. posix_spawn without a shell, so that nobody's time holds a shell's.

def spawn(argv, directory, stdin=NULL, stdout=NULL, environment=None):
    # posix_spawn knows no directory; the callers are in it already.
    assert os.getcwd() == directory
    actions = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, stdout, 1), (os.POSIX_SPAWN_DUP2, NULL, 2)]
    return os.posix_spawn(argv[0], argv, environment or os.environ, file_actions=actions)


def wait(pid, argv):
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status != 0:
        sys.exit(f"error: {' '.join(argv)} ended with {status} in {os.getcwd()}")


def run(argv, directory, environment=None):
    wait(spawn(argv, directory, environment=environment), argv)


def pipe(first, second, directory):
    """`first | second`: both run at once."""
    out, into = os.pipe()  # close-on-exec, but for the copies that spawn makes
    pids = [(spawn(first, directory, stdout=into), first), (spawn(second, directory, stdin=out), second)]
    os.close(into)
    os.close(out)
    for pid, argv in pids:
        wait(pid, argv)


def tool(name):
    path = shutil.which(name)
    if path is None:
        sys.exit(f"error: there is no {name} on the PATH")
    return path


def said(*argv):
    result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return result.stdout.strip()


# What is compared.

class Bench:
    def __init__(self, program, directory):
        self.program = os.path.realpath(program)
        self.directory = os.path.realpath(directory)
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)
        self.cfssl, self.cfssljson, self.sync = tool("cfssl"), tool("cfssljson"), tool("sync")
        # The same command lines in every run, in this environment and no other.
        os.environ["LC_ALL"] = "C"
        for name in ("AGGBOOTSTRAP_STATE", "AGGBOOTSTRAP_SPEC", "AGGBOOTSTRAP_PASSPHRASE_FILE", "GITHUB_ACTIONS"):
            os.environ.pop(name, None)
        self.pair, self.no_fsync = self.path("rsa_pair"), self.path("no_fsync.so")
        for argv in (["gcc", "-O2", "-o", self.pair, f"{HERE}/rsa_pair.c", "-lcrypto", "-lpthread"],
                     ["gcc", "-O2", "-shared", "-fPIC", "-o", self.no_fsync, f"{HERE}/no_fsync.c"]):
            subprocess.run(argv, check=True)
        self.preloaded = dict(os.environ, LD_PRELOAD=self.no_fsync)
        for name, ours, theirs in (("p256", {"algorithm": "ecdsa", "size": 256}, {"algo": "ecdsa", "size": 256}),
                                   ("rsa", {"algorithm": "rsa", "size": 2048}, {"algo": "rsa", "size": 2048})):
            self.write_inputs(name, ours, theirs)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write_inputs(self, name, ours, theirs):
        """The same subjects, hosts, usages, keys and lifetimes for both."""
        usages = ["signing", "key encipherment", "server auth", "client auth"]
        spec = {
            "apiVersion": "aggbootstrap/v1", "cluster": "bench",
            "certificates": {
                "ca": {"commonName": "aggregator", "names": SUBJECT[0], "key": ours, "validity": "87600h"},
                "proxyClient": {"commonName": "aggregator", "names": SUBJECT[0], "hosts": HOSTS, "usages": usages,
                                "key": ours, "validity": "87600h"}},
            "nodes": [{"name": "cp1", "local": True}]}
        config = {"signing": {"default": {"expiry": "87600h"},
                              "profiles": {"aggregator": {"usages": usages, "expiry": "87600h"}}}}
        ca = {"CN": "aggregator", "key": theirs, "names": SUBJECT, "ca": {"expiry": "87600h"}}
        leaf = {"CN": "aggregator", "hosts": HOSTS, "key": theirs, "names": SUBJECT}
        for file, value in (("spec", spec), ("config", config), ("ca", ca), ("leaf", leaf)):
            with open(self.path(f"{name}-{file}.json"), "w", encoding="utf-8") as out:
                json.dump(value, out, indent=2)
        with open(self.path("kube-apiserver.service"), "w", encoding="utf-8") as out:
            out.write("[Service]\nExecStart=/usr/local/bin/kube-apiserver --etcd-servers=http://127.0.0.1:2379\n")

    def init(self, key):
        return [self.program, "init", "--spec", f"../{key}-spec.json", "--base-unit", "../kube-apiserver.service",
                "--root", "out", "--state", "state"]

    def in_fresh(self, name, work):
        """Runs `work(directory)` in a directory of its own; making and removing it is not measured."""
        directory = self.path(name)
        os.mkdir(directory)
        os.chdir(directory)
        # What the last removal or another program left to write would be waited for by the next fsync.
        os.sync()
        try:
            return work(directory)
        finally:
            os.chdir(self.directory)
            shutil.rmtree(directory)

    # Each returns seconds; where there are several, those of the whole come first.

    def aggbootstrap(self, key, environment=None):
        def work(directory):
            begin = time.perf_counter()
            run(self.init(key), directory, environment)
            return time.perf_counter() - begin
        return self.in_fresh("ours", work)

    def cfssl_pipeline(self, key):
        def work(directory):
            begin = time.perf_counter()
            pipe([self.cfssl, "gencert", "-initca", f"../{key}-ca.json"], [self.cfssljson, "-bare", "ca"], directory)
            pipe([self.cfssl, "gencert", "-ca=ca.pem", "-ca-key=ca-key.pem", f"-config=../{key}-config.json",
                  "-profile=aggregator", f"../{key}-leaf.json"], [self.cfssljson, "-bare", "leaf"], directory)
            made = time.perf_counter()
            run([self.sync, "ca.pem", "ca-key.pem", "ca.csr", "leaf.pem", "leaf-key.pem", "leaf.csr", "."], directory)
            end = time.perf_counter()
            return end - begin, end - made
        return self.in_fresh("theirs", work)

    def openssl_pair(self):
        def work(directory):
            begin = time.perf_counter()
            run([self.pair], directory)
            return time.perf_counter() - begin
        return self.in_fresh("keys", work)


# Numbers.

def milliseconds(values):
    return (f"min {min(values) * 1000:7.1f}   median {statistics.median(values) * 1000:7.1f}   "
            f"mean {statistics.mean(values) * 1000:7.1f}   max {max(values) * 1000:7.1f} ms")


def line(name, values):
    print(f"  {name:<46} {milliseconds(values)}")


def interval(ratios, statistic=statistics.median):
    """95 % of what the statistic is over samples drawn again from these ones (bootstrap, with a fixed seed)."""
    source = random.Random(1)
    drawn = sorted(statistic(source.choices(ratios, k=len(ratios))) for _ in range(2000))
    return drawn[50], drawn[1949]


def verdict(value, bound):
    return "" if bound is None else f"   bound {bound}: {'met' if value <= bound else 'MISSED'}"


def ratio(name, ours, theirs, bound=None):
    ratios = [a / b for a, b in zip(ours, theirs)]
    low, high = interval(ratios)
    print(f"  {name:<46} pair by pair: median {statistics.median(ratios):.3f} of {len(ratios)}, "
          f"95 % {low:.3f}-{high:.3f}{verdict(statistics.median(ratios), bound)}")


def random_ratio(name, ours, theirs, bound):
    """Of times that chance rules: two runs of one pair have nothing in common, so every run is also compared with every
    other one (Hodges and Lehmann's estimate, on ratios), which needs two thirds as many runs for one precision."""
    ratio(name, ours, theirs, bound)
    every = statistics.median(a / b for a in ours for b in theirs)
    source = random.Random(1)
    drawn = []
    for _ in range(200):
        some, others = (source.choices(times, k=len(times)) for times in (ours, theirs))
        # A tenth of all comparisons of a sample is enough for an interval.
        drawn.append(statistics.median(a / b for i, a in enumerate(some) for b in others[i % 10::10]))
    drawn.sort()
    print(f"  {'':<46} all with all: median {every:.3f}, 95 % {drawn[5]:.3f}-{drawn[194]:.3f}; "
          f"means {statistics.mean(ours) / statistics.mean(theirs):.3f}, "
          f"medians {statistics.median(ours) / statistics.median(theirs):.3f}{verdict(every, bound)}")


def title(text):
    print(f"\n{text}")


def shuffled(*works):
    """Runs them in a changing order, so that none always follows the same other one; their results in order."""
    results = [None] * len(works)
    order = list(range(len(works)))
    random.shuffle(order)
    for index in order:
        results[index] = works[index]()
    return results


def columns(rows):
    return [list(column) for column in zip(*rows)]


def fsync_calls(bench, key):
    def work(directory):
        report = bench.path("strace")
        run([tool("strace"), "-f", "-c", "-w", "-e", "trace=fsync,fdatasync", "-o", report, *bench.init(key)], directory)
        with open(report, encoding="utf-8") as file:
            return sum(int(row.split()[3]) for row in file if row.split()[-1:] in (["fsync"], ["fdatasync"]))
    return bench.in_fresh("traced", work)


# The figures.

def p256(bench, runs):
    title(f"1. P-256: init --root against cfssl's four processes and sync ({runs} runs of each, interleaved)")

    def once():
        return shuffled(lambda: bench.aggbootstrap("p256"), lambda: bench.cfssl_pipeline("p256"),
                        lambda: bench.aggbootstrap("p256", bench.preloaded))
    for _ in range(3):
        once()
    ours, theirs, unsynced = columns(once() for _ in range(runs))
    whole, sync = columns(theirs)
    line("aggbootstrap init --root", ours)
    line("  the same, fsync doing nothing", unsynced)
    line("cfssl, cfssljson, twice, and sync", whole)
    line("  sync in it", sync)
    ratio("aggbootstrap / cfssl", ours, whole, bound=1.0)
    ratio("  fsync doing nothing / sync left out", unsynced, [a - b for a, b in zip(whole, sync)])
    share = statistics.median(1 - b / a for a, b in zip(ours, unsynced))
    print(f"  fsync's share of aggbootstrap's time: {share:.0%} (median of pairs), in {fsync_calls(bench, 'p256')} calls")


def rsa(bench, runs):
    title(f"2. RSA-2048: the same, and two keys made by libcrypto at once ({runs} runs of each, of cfssl "
          f"{(runs + 2) // 3}, interleaved)")

    def once(index):
        works = [lambda: bench.aggbootstrap("rsa"), bench.openssl_pair]
        return shuffled(*works, *([lambda: bench.cfssl_pipeline("rsa")] if index % 3 == 0 else []))
    for _ in range(3):
        once(0)
    rounds = [once(index) for index in range(runs)]
    ours, pair = [each[0] for each in rounds], [each[1] for each in rounds]
    beside = [each[0] for each in rounds if len(each) == 3]
    whole, sync = columns(each[2] for each in rounds if len(each) == 3)
    line("aggbootstrap init --root", ours)
    line("cfssl, cfssljson, twice, and sync", whole)
    line("  sync in it", sync)
    line("libcrypto: two keys, two threads, one process", pair)
    random_ratio("aggbootstrap / cfssl, rounds with both", beside, whole, bound=1.2)
    random_ratio("aggbootstrap / libcrypto", ours, pair, bound=1.1)


def timed(argv, directory):
    begin = time.perf_counter()
    run(argv, directory)
    return time.perf_counter() - begin


def peak_memory(bench, argv, directory):
    """MiB. GNU time is small: a child's peak begins with that of the process that started it."""
    report = bench.path("time")
    run([tool("time"), "-f", "%M", "-o", report, *argv], directory)
    with open(report, encoding="utf-8") as file:
        return int(file.read()) / 1024


def start(bench, runs):
    title(f"3. Start, and a second init that changes nothing ({runs} runs of each, interleaved)")
    version, openssl = [bench.program, "--version"], [tool("openssl"), "version"]

    def work(directory):
        init = bench.init("p256")
        run(init, directory)
        works = [lambda argv=argv: timed(argv, directory) for argv in (version, openssl, init)]
        for _ in range(3):
            shuffled(*works)
        times = columns(shuffled(*works) for _ in range(runs))
        return times, [max(peak_memory(bench, argv, directory) for _ in range(5)) for argv in (version, init)]
    (ours, theirs, second), peaks = bench.in_fresh("second", work)
    line("aggbootstrap --version", ours)
    line("openssl version", theirs)
    line("aggbootstrap init --root, nothing due", second)
    ratio("aggbootstrap --version / openssl version", ours, theirs, bound=2.0)
    print(f"  nothing due: median {statistics.median(second) * 1000:.1f} ms{verdict(statistics.median(second), 0.010)} s")
    print(f"  peak resident memory: --version {peaks[0]:.1f} MiB, init {peaks[1]:.1f} MiB (largest of 5)"
          f"{verdict(peaks[1], 18)}")


def growth(bench, runs):
    title(f"4. Growth: ten times as much, and how many times as long (median of {runs})")

    def compare(name, small, large):
        """Both with ten times the other's size."""
        times = columns(shuffled(small, large) for _ in range(runs))
        print(f"  {name:<60} {statistics.median(times[0]) * 1000:8.1f} ms {statistics.median(times[1]) * 1000:8.1f} ms"
              f"   {statistics.median(b / a for a, b in zip(*times)):.1f} times")

    def with_nodes(count):
        with open(bench.path("p256-spec.json"), encoding="utf-8") as file:
            spec = json.load(file)
        spec["nodes"] = [{"name": f"cp{index}", "address": f"10.0.{index // 250}.{index % 250 + 1}"}
                         for index in range(count)]
        with open(bench.path(f"nodes-{count}-spec.json"), "w", encoding="utf-8") as out:
            json.dump(spec, out)
        return lambda: bench.aggbootstrap(f"nodes-{count}")

    def with_unit(name, text):
        os.mkdir(bench.path(name))
        with open(bench.path(name, "kube-apiserver.service"), "w", encoding="utf-8") as out:
            out.write("[Service]\nExecStart=/usr/local/bin/kube-apiserver " + text + "\n")
        argv = bench.init("p256")
        argv[argv.index("--base-unit") + 1] = f"../{name}/kube-apiserver.service"
        return lambda: bench.in_fresh("ours", lambda directory: timed(argv, directory))

    def with_rotations(count):
        directory = bench.path(f"rotated-{count}")
        os.mkdir(directory)
        os.chdir(directory)
        run(bench.init("p256"), directory)
        rotate = [bench.program, "rotate", "--root", "out", "--spec", "../p256-spec.json", "--state", "state"]
        for _ in range(count):
            run(rotate, directory)
        os.chdir(bench.directory)

        def again():
            os.chdir(directory)
            try:
                return timed(bench.init("p256"), directory)
            finally:
                os.chdir(bench.directory)
        return again
    compare("init of 10 nodes and of 100", with_nodes(10), with_nodes(100))
    compare("a unit of 2,000 lines and of 20,000",
            with_unit("few", " \\\n  ".join(f"--feature-{i}=x" for i in range(2000))),
            with_unit("many", " \\\n  ".join(f"--feature-{i}=x" for i in range(20000))))
    compare("an argument of 100,000 characters and of 1,000,000", with_unit("short", "--x=" + "a" * 100_000),
            with_unit("long", "--x=" + "a" * 1_000_000))
    compare("nothing due after 10 rotations and after 100", with_rotations(10), with_rotations(100))


def fleet(bench, count):
    title(f"5. A fleet: {count} clusters one after the other, each with a state and a tree of its own")
    directory = bench.path("fleet")
    os.mkdir(directory)
    times, peaks = [], []
    for index in range(count):
        place = os.path.join(directory, f"cluster{index}")
        os.mkdir(place)
        os.chdir(place)
        argv = bench.init("p256")
        for name in ("--spec", "--base-unit"):
            position = argv.index(name) + 1
            argv[position] = "../" + argv[position]
        if index % 50 == 25:
            peaks.append(peak_memory(bench, argv, place))
        else:
            times.append(timed(argv, place))
    os.chdir(bench.directory)
    tenth = max(1, len(times) // 10)
    line("a cluster", times)
    print(f"  the last tenth to the first: {statistics.median(times[-tenth:]) / statistics.median(times[:tenth]):.2f} times as "
          f"long; peak memory {min(peaks):.1f} to {max(peaks):.1f} MiB")

    def once():
        return shuffled(lambda: bench.aggbootstrap("p256"), lambda: bench.aggbootstrap("p256", bench.preloaded),
                        lambda: bench.in_fresh("ours", lambda place: timed([bench.program, "--version"], place)))
    whole, unsynced, version = columns(once() for _ in range(40))
    synced = statistics.median(a - b for a, b in zip(whole, unsynced))
    # Two P-256 keys take a twentieth of a millisecond.
    needed = statistics.median(version) + max(0, synced)
    print(f"  start {statistics.median(version) * 1000:.1f} ms and fsync {synced * 1000:.1f} ms; a cluster takes "
          f"{statistics.median(times) / needed:.2f} times both{verdict(statistics.median(times) / needed, 1.2)}")
    shutil.rmtree(directory)


def lint(bench, count):
    title(f"6. verify --offline: {count} trees of control planes, and a tenth of them")

    def work(directory):
        run(bench.init("p256"), directory)
        nodes = sorted(name for name in os.listdir("out") if not name.startswith("."))
        for place, number in (("few", count // 10), ("many", count)):
            for index in range(number):
                shutil.copytree(os.path.join("out", nodes[index % len(nodes)]), os.path.join(place, f"node{index}"))
        few, many = [bench.program, "verify", "--offline", "few"], [bench.program, "verify", "--offline", "many"]
        for argv in (few, many):
            run(argv, directory)
        times = columns(shuffled(lambda: timed(few, directory), lambda: timed(many, directory)) for _ in range(9))
        return times, [max(peak_memory(bench, argv, directory) for _ in range(3)) for argv in (few, many)]
    (few, many), peaks = bench.in_fresh("lint", work)
    line(f"{count // 10} trees", few)
    line(f"{count} trees", many)
    print(f"  {count / statistics.median(many):.0f} trees a second; peak resident memory {peaks[0]:.1f} MiB and {peaks[1]:.1f} MiB "
          f"({peaks[1] / peaks[0]:.2f} times){verdict(peaks[1] / peaks[0], 1.5)}")


def surroundings(bench):
    model = next((row.split(":")[1].strip() for row in open("/proc/cpuinfo", encoding="utf-8")
                  if row.startswith("model name")), "unknown processor")
    system = said("sh", "-c", ". /etc/os-release && echo $PRETTY_NAME")
    file_system = said("df", "--output=fstype", bench.directory).splitlines()[-1]
    print(f"machine:      {len(os.sched_getaffinity(0))} cores ({model}), Linux {os.uname().release}, {system}")
    print(f"file system:  {file_system}" + ("  (in memory: fsync costs nothing here)" if file_system == "tmpfs" else ""))
    print(f"programs:     aggbootstrap {said(bench.program, '--version')}; "
          f"cfssl {' '.join(said(bench.cfssl, 'version').replace('Version:', '').split())}; "
          f"{said('openssl', 'version')}; sync of {said(bench.sync, '--version').splitlines()[0]}")
    load("before")


def load(when):
    print(f"load {when + ':':<9}{' '.join(f'{value:.2f}' for value in os.getloadavg())}  (1, 5, 15 minutes)", flush=True)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    figures = {"p256": (p256, int(os.environ.get("RUNS") or 60)), "rsa": (rsa, int(os.environ.get("RSA_RUNS") or 350)),
               "start": (start, int(os.environ.get("RUNS") or 60)), "growth": (growth, 5),
               "fleet": (fleet, int(os.environ.get("FLEET") or 1000)),
               "lint": (lint, int(os.environ.get("TREES") or 2000))}
    names = sys.argv[3:] or list(figures)
    for name in names:
        if name not in figures:
            sys.exit(f"error: there is no figure {name}; there are {', '.join(figures)}")
    bench = Bench(sys.argv[1], sys.argv[2])
    surroundings(bench)
    for name in names:
        work, runs = figures[name]
        work(bench, runs)
        sys.stdout.flush()
    print()
    load("after")
    shutil.rmtree(bench.directory)


main()
