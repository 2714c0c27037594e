#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the SBOM of a built program: what is linked into it and what it loads, in SPDX 2.3 as JSON.

Usage: sbom.py AGGBOOTSTRAP STAGED Package.resolved SECONDS
  AGGBOOTSTRAP has its symbols, STAGED is the same program as it is delivered, SECONDS is the time of the release

It fails if a Swift module is linked that no package here accounts for, or if nothing of a listed package is linked.
"""

import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent
SWIFT = "Apache-2.0 WITH Swift-exception"
# Of Swift's own parts: name, repository, and the modules that it consists of.
TOOLCHAIN = [
    ("swift-standard-library", "swiftlang/swift", {
        "Swift", "Glibc", "Synchronization", "_Concurrency", "_RegexParser", "_StringProcessing", "SwiftOnoneSupport",
        "_Builtin_float"}),
    ("swift-foundation", "swiftlang/swift-foundation", {"FoundationEssentials", "_FoundationCollections"}),
    ("swift-corelibs-libdispatch", "swiftlang/swift-corelibs-libdispatch", {"Dispatch"}),
]
PACKAGES = {
    "swift-argument-parser": {"ArgumentParser", "ArgumentParserToolInfo"},
    "swift-subprocess": {"Subprocess"},
    "swift-system": {"SystemPackage"},
}
# Those whose LICENSE does not have the exception that their files name.
PLAIN = {"swift-subprocess"}
OWN = {path.name for path in (PROJECT / "Sources").iterdir()} | {"UnitTemplates"}
# What is loaded when it runs: who makes it, and its licence.
LIBRARIES = {
    "libssl.so.3": ("OpenSSL", "Apache-2.0"),
    "libcrypto.so.3": ("OpenSSL", "Apache-2.0"),
    "libsystemd.so.0": ("systemd", "LGPL-2.1-or-later"),
    "libc.so.6": ("GNU C Library", "LGPL-2.1-or-later"),
    "libm.so.6": ("GNU C Library", "LGPL-2.1-or-later"),
    "ld-linux-x86-64.so.2": ("GNU C Library", "LGPL-2.1-or-later"),
    "ld-linux-aarch64.so.1": ("GNU C Library", "LGPL-2.1-or-later"),
    "libstdc++.so.6": ("GCC", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libgcc_s.so.1": ("GCC", "GPL-3.0-or-later WITH GCC-exception-3.1"),
}


def said(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def modules(program):
    """The Swift modules that have types in the program: the symbol of a type's descriptor is `$s`, a length, the module."""
    found = set()
    for size, rest in re.findall(r" \$s(\d+)([A-Za-z_]\w*)M[np]\n", said("nm", program)):
        if re.match(r"\d", rest[int(size):]):
            found.add(rest[:int(size)])
    return found


def identifier(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def part(name, version, licence, supplier, location="NOASSERTION", **more):
    return {"SPDXID": identifier(name), "name": name, "versionInfo": version, "supplier": supplier,
            "downloadLocation": location, "filesAnalyzed": False, "licenseConcluded": licence,
            "licenseDeclared": licence, "copyrightText": "NOASSERTION", **more}


def swift_packages(resolved):
    for pin in json.load(open(resolved))["pins"]:
        name, version, place = pin["identity"], pin["state"]["version"], pin["location"].removesuffix(".git")
        if name not in PACKAGES:
            sys.exit(f"error: {resolved}: {name} is not known to sbom.py")
        reference = f"pkg:swift/{place.removeprefix('https://')}@{version}"
        licence = "Apache-2.0" if name in PLAIN else SWIFT
        yield part(name, version, licence, "Organization: Apple Inc. and the Swift project authors", f"git+{place}@{version}",
                   externalRefs=[{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                  "referenceLocator": reference}])


def toolchain():
    version = re.search(r"Swift version (\S+)", said("swiftc", "--version"))[1]
    for name, place, _ in TOOLCHAIN:
        yield part(name, version, SWIFT, "Organization: Apple Inc. and the Swift project authors",
                   f"git+https://github.com/{place}@swift-{version}-RELEASE")


def libraries(program):
    """Each library that is loaded, with the newest version of its symbols that are used."""
    used = {"libc.so.6": [said(str(PROJECT / "packaging/glibc.sh"), program).strip()]}
    for line in said("readelf", "-V", "-W", program).split("Version needs section")[1].splitlines():
        if match := re.search(r"File: (\S+)", line):
            name = match[1]
        elif match := re.search(r"Name: [A-Z]+_(\d[\d.]*)", line):
            used.setdefault(name, []).append(match[1])
    for name in re.findall(r"\(NEEDED\).*\[(.+)\]", said("readelf", "-d", "-W", program)):
        if name not in LIBRARIES:
            sys.exit(f"error: {name} is loaded, and is not known to sbom.py")
        newest = max(used.get(name, ["0"]), key=lambda text: [int(number) for number in text.split(".")])
        maker, licence = LIBRARIES[name]
        yield part(name, f">={newest}", licence, f"Organization: {maker}",
                   comment="Not delivered: the system's own is loaded.")


def check(program, packages):
    """Nothing is linked that is not in the list, and nothing is listed that is not linked."""
    known = {module: name for name, _, all_of_it in TOOLCHAIN for module in all_of_it}
    known |= {module: name for name, all_of_it in PACKAGES.items() for module in all_of_it}
    found = modules(program)
    if strange := found - set(known) - OWN:
        sys.exit(f"error: linked, and not known to sbom.py: {', '.join(sorted(strange))}")
    for name in [package["name"] for package in packages] + [name for name, *_ in TOOLCHAIN]:
        if name not in {known.get(module) for module in found}:
            sys.exit(f"error: nothing of {name} is linked")


def main(program, staged, resolved, seconds):
    version = said(staged, "--version").strip()
    digest = hashlib.sha256(open(staged, "rb").read()).hexdigest()
    packages = list(swift_packages(resolved))
    check(program, packages)
    linked, loaded = packages + list(toolchain()), list(libraries(staged))
    own = part("aggbootstrap", version, "Apache-2.0", "Organization: aggbootstrap contributors",
               primaryPackagePurpose="APPLICATION", checksums=[{"algorithm": "SHA256", "checksumValue": digest}],
               comment="The checksum is that of the program, /usr/bin/aggbootstrap.")
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", own)] + [(own["SPDXID"], "STATIC_LINK", one) for one in linked] + \
        [(own["SPDXID"], "DYNAMIC_LINK", one) for one in loaded]
    print(json.dumps({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"aggbootstrap-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/aggbootstrap-{version}-{digest[:32]}",
        "creationInfo": {
            "created": datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: aggbootstrap-sbom", "Organization: aggbootstrap contributors"]},
        "packages": [own] + linked + loaded,
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other["SPDXID"]}
                          for one, kind, other in relations],
    }, indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
