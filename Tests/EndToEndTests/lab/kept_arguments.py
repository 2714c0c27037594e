# SPDX-License-Identifier: Apache-2.0
"""Compares two command lines, each a file of arguments that end with a NUL: without the aggregation flags they are the
same, and the second one has each of the seven once, wherever each stands.

Usage: kept_arguments.py BEFORE AFTER
"""
import sys

NAMES = ["requestheader-client-ca-file", "requestheader-allowed-names", "requestheader-extra-headers-prefix",
         "requestheader-group-headers", "requestheader-username-headers", "proxy-client-cert-file",
         "proxy-client-key-file"]
OWN = NAMES + ["enable-aggregator-routing"]


def split(path):
    """The other arguments, and the names of the flags."""
    with open(path, "rb") as file:
        arguments = [part.decode() for part in file.read().split(b"\0")[:-1]]
    others, own = [], []
    index = 0
    while index < len(arguments):
        argument = arguments[index]
        name = argument[2:].split("=", 1)[0].replace("_", "-")
        index += 1
        if not argument.startswith("--") or name not in OWN:
            others.append(argument)
            continue
        own.append(name)
        if "=" not in argument and name != "enable-aggregator-routing":
            index += 1
    return others, own


def main():
    (before, _), (after, own) = split(sys.argv[1]), split(sys.argv[2])
    if before != after:
        sys.exit(f"before: {before}\nafter:  {after}")
    if sorted(own) != sorted(NAMES):
        sys.exit(f"flags: {own}")


main()
