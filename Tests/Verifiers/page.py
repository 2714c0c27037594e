# SPDX-License-Identifier: Apache-2.0
"""The table of what was measured, on the terminal and as docs/reference/verifiers.md."""

import re

import expected

HEAD = """\
# What other verifiers say

`make matrix` issues certificates of every key type for three profiles, and lets each of the programs below verify them. It
fails if a program accepts or rejects a certificate that it should not. `make matrix` writes this page.

The profiles: `default` is a spec without `certificates`; `cfssl` has the subject attributes, hosts and usages of a cfssl
set-up; `kubeadm` has the names and paths that kubeadm uses.
"""

CONTROLS = """\
## Negative controls

For each key type, every verifier that supports it (those with a number above for Ed25519 do not) also gets four certificates that
it must reject, with the right message: one of another CA, one with a damaged signature, one that has expired and one for servers
only. Some verifiers do not check one of these at all, and are expected to accept it: {blind}.
"""


def rows(columns, measured):
    """Key type, profile and a mark for each verifier: `ok`, or the numbers of its complaints."""
    for keys, profile in dict.fromkeys((keys, profile) for keys, profile, _ in measured):
        marks = [measured[keys, profile, one.name] for one in columns]
        yield keys.label, profile, [mark(said) for said in marks]


def mark(said):
    return " ".join(["ok"] if not said else sorted({f"[{number(one)}]" for one in said}))


def number(said):
    """The number of a complaint in the list below the table; `?` where nobody expected it."""
    words = [one.says for one in expected.EXCEPTIONS]
    return words.index(said) + 1 if said in words else "?"


def table(columns, measured):
    lines = [["key type", "profile", *(one.name for one in columns)]]
    lines += [[keys, profile, *marks] for keys, profile, marks in rows(columns, measured)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def text(columns, measured):
    lines = [HEAD, "| key type | profile | " + " | ".join(one.name for one in columns) + " |"]
    lines += ["|---" * (len(columns) + 2) + "|"]
    lines += [f"| {keys} | {profile} | " + " | ".join(marks) + " |" for keys, profile, marks in rows(columns, measured)]
    lines += ["", "The numbers in the table:", ""]
    for place, one in enumerate(expected.EXCEPTIONS, 1):
        lines.append(f"{place}. {', '.join(one.verifiers)}: {one.because}. Its message: `{one.says}`")
    blind = [
        f"{verifier} ({name})" for verifier, reasons in expected.CONTROLS.items() for name, reason in reasons.items()
        if reason is None]
    lines += ["", CONTROLS.format(blind=", ".join(blind) or "none"), "## The verifiers", ""]
    lines += ["| verifier | version | how it is asked |", "|---|---|---|"]
    lines += [f"| {one.name} | {one.version()} | {one.shows} |" for one in columns]
    return "\n".join(lines) + "\n"


def keep(path, new, in_ci):
    """Writes the page; in CI it only compares, and the verifiers' versions may be others."""
    def without_versions(page):
        head, rule, versions = page.partition("| verifier | version |")
        return head + rule + re.sub(r"(?m)^(\| [^|]+ \|) [^|]+ \|", r"\1", versions)

    old = path.read_text() if path.exists() else ""
    if not in_ci:
        path.write_text(new)
        print(f"wrote {path}")
        return 0
    if without_versions(old) == without_versions(new):
        return 0
    print(f"error: {path} is not what was measured: run make matrix and look at the difference")
    return 1
