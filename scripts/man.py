#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a manual page for each command, from what the program says of itself, and the tables of variables, files and
exit statuses from docs/reference/settings.md and README.md.

Usage: man.py AGGBOOTSTRAP DIRECTORY
"""

import json
import pathlib
import re
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent


def escaped(text):
    """Plain text for troff: no escapes, and no line that begins as a request does."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("'", "\\(aq")
    return "\n".join("\\&" + line if line.startswith(".") else line for line in text.splitlines())


def title(argument):
    names = [("--" if one["kind"] == "long" else "-") + one["name"] for one in argument.get("names", [])]
    value = argument.get("valueName", "")
    if not names:
        return f"\\fI{escaped(value)}\\fR"
    shown = ", ".join(f"\\fB{escaped(name)}\\fR" for name in sorted(names))
    return shown + (f" \\fI{escaped(value)}\\fR" if argument["kind"] == "option" else "")


def paragraphs(text):
    return [line for part in text.split("\n\n") for line in (".PP", escaped(part))]


def table(page, heading):
    """The cells of the first table below that heading of a page, as plain text."""
    part = (PROJECT / page).read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| \n").split(" | ") for line in part.splitlines() if line.startswith("|")]
    rows = [[re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", cell).replace("`", "").replace("**", "") for cell in row]
            for row in rows if not set("".join(row)) <= set("|- ")]
    if not rows:
        sys.exit(f"man.py: {page} has no table below '{heading}'")
    return rows


def tagged(rows):
    return [line for name, text in rows for line in (".TP", f"\\fB{escaped(name)}\\fR", escaped(text))]


def settings():
    """Each setting that has a variable of its own: the variable, and what it sets."""
    for what, option, variable, *_ in table("docs/reference/settings.md", "Where each setting comes from")[1:]:
        if variable.startswith("AGGBOOTSTRAP_"):
            yield variable.split(" ")[0], f"{what}; an option overrides it: {option}"


def environment(options, top):
    """Of a command, the variables that its options name; of the program, all of them."""
    rows = [row for row in settings() if top or f"${row[0]}" in options]
    if top:
        return rows + [row[:2] for row in table("docs/reference/settings.md", "Other variables")[1:]]
    return rows


def files(options, top):
    if not top and "--state" not in options:
        return []
    return [(f"{name} ({where})", what) for name, where, what in table("docs/reference/settings.md", "Files")[1:]]


def statuses(options, top):
    """Each status of its own. 2 is of one command, 3 of those that change nodes, 4 of those that look at some."""
    rows = []
    for numbers, text in table("README.md", "Exit status"):
        parts = dict(part.split(": ") for part in text.split("; ")) if "," in numbers else {numbers: text}
        rows += parts.items()
    if top:
        return rows
    needed = {"2": "--detailed-exitcode", "3": "--yes", "4": "--limit"}
    rows = [row for row in rows if needed.get(row[0], "") in options]
    return rows if "--limit" in options else [("1", "failed or refused") if row[0] == "1" else row for row in rows]


class Discussion:
    """What the program says of a command, by section."""

    def __init__(self, text):
        self.examples, self.status, rest = [], [], []
        for part in text.split("\n\n"):
            if part.startswith("Examples:"):
                self.examples = [line.strip() for line in part.splitlines()[1:]]
            elif part.startswith("Exit status:"):
                self.status.append(part.removeprefix("Exit status:").strip())
            else:
                rest.append(part)
        self.text = "\n\n".join(rest).strip()


def described(command, children, arguments):
    lines = []
    if children:
        lines.append(".SH COMMANDS")
        for child in children:
            lines += [".TP", f"\\fB{escaped(child['commandName'])}\\fR", escaped(child.get("abstract", ""))]
    if arguments:
        lines.append(".SH OPTIONS")
        for one in arguments:
            text = " ".join(filter(None, [one.get("abstract"), one.get("discussion")]))
            lines += [".TP", title(one), escaped(text)]
    return lines


def around(discussion, options, top, group):
    """The sections that say what a command uses, and how it ends; not of a command that only has commands."""
    lines = []
    for name, rows in (("ENVIRONMENT", environment(options, top)), ("FILES", files(options, top))):
        if rows:
            lines += [f".SH {name}", *tagged(rows)]
    if not group or top:
        own = discussion.status if not top else []
        lines += [".SH EXIT STATUS", *[line for text in own for line in (escaped(text), ".PP")]]
        lines += tagged(statuses(options, top))
    if discussion.examples:
        lines += [".SH EXAMPLES", ".nf", *map(escaped, discussion.examples), ".fi"]
    return lines


def page(command, path, version):
    name = "-".join(path)
    lines = [f'.TH "{escaped(name.upper())}" 1 "" "aggbootstrap {escaped(version)}"', ".SH NAME",
             f"{escaped(name)} \\- {escaped(command.get('abstract', '').rstrip('.'))}", ".SH SYNOPSIS"]
    arguments = [one for one in command.get("arguments", []) if one.get("shouldDisplay", True)]
    children = [one for one in command.get("subcommands", []) if one["commandName"] != "help"]
    positional = "".join(f" [{title(one)}]" for one in arguments if one["kind"] == "positional")
    what = " \\fIcommand\\fR" if children else " [\\fIoption\\fR ...]" + positional
    lines.append(f"\\fB{escaped(' '.join(path))}\\fR{what}")
    discussion = Discussion(command.get("discussion") or "")
    if discussion.text:
        lines += [".SH DESCRIPTION", *paragraphs(discussion.text)[1:]]
    lines += described(command, children, arguments)
    options = json.dumps(arguments) + " ".join(
        "--" + one["name"] for argument in arguments for one in argument.get("names", []) if one["kind"] == "long")
    lines += around(discussion, options, len(path) == 1, bool(children))
    others = sorted({f"{name}-{one['commandName']}" for one in children} | {"-".join(path[:n]) for n in range(1, len(path))})
    if others:
        lines += [".SH SEE ALSO", ", ".join(f"\\fB{escaped(one)}\\fR(1)" for one in others)]
    return name, "\n".join(lines) + "\n"


def pages(command, path, version):
    path = [*path, command["commandName"]]
    yield page(command, path, version)
    for child in command.get("subcommands", []):
        if child["commandName"] != "help":
            yield from pages(child, path, version)


def said(program, *arguments):
    return subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout


def main(program, directory):
    dump, version = json.loads(said(program, "--experimental-dump-help")), said(program, "--version").strip()
    target = pathlib.Path(directory)
    target.mkdir(parents=True, exist_ok=True)
    for name, text in pages(dump["command"], [], version):
        (target / f"{name}.1").write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
