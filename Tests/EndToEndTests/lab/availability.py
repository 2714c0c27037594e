#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks every control plane's /readyz, and one API path through a client that fails over, until standard input ends.

Usage: availability.py PKI REQUESTS-A-SECOND ADDRESS...
Prints one line of JSON: requests, failed (no control plane answered with 200), failovers, and the most control planes
that were not ready at once.
"""
import json
import ssl
import sys
import threading
import time
import http.client

# One that does not run refuses at once; on a busy machine one that serves may take its time. Seconds.
PATIENCE = 10
pki, rate, addresses = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
stop = threading.Event()
ready = {address: True for address in addresses}
counts = {"requests": 0, "failed": 0, "failovers": 0, "most_not_ready": 0, "not_ready_seen": 0}
guard = threading.Lock()


def ask(address, path, timeout):
    context = ssl.create_default_context(cafile=f"{pki}/ca.pem")
    context.load_cert_chain(f"{pki}/admin.pem", f"{pki}/admin-key.pem")
    connection = http.client.HTTPSConnection(address, 6443, timeout=timeout, context=context)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


def watch(address):
    while not stop.is_set():
        answer = ask(address, "/readyz", PATIENCE)
        with guard:
            if ready[address] and not answer:
                counts["not_ready_seen"] += 1
            ready[address] = answer
            counts["most_not_ready"] = max(counts["most_not_ready"], sum(not up for up in ready.values()))
        stop.wait(0.1)


def client(first, interval):
    turn = first
    while not stop.is_set():
        started = time.monotonic()
        turn += 1
        for attempt in range(len(addresses)):
            if ask(addresses[(turn + attempt) % len(addresses)], "/api/v1/namespaces", PATIENCE):
                break
            with guard:
                counts["failovers"] += 1
        else:
            with guard:
                counts["failed"] += 1
        with guard:
            counts["requests"] += 1
        stop.wait(max(0, interval - (time.monotonic() - started)))


clients = 10
threads = [threading.Thread(target=watch, args=(address,)) for address in addresses]
threads += [threading.Thread(target=client, args=(number, clients / rate)) for number in range(clients)]
for thread in threads:
    thread.start()
sys.stdin.read()
stop.set()
for thread in threads:
    thread.join()
print(json.dumps(counts, sort_keys=True))
