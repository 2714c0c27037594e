#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a manual page for each command, from what the program says of itself.

Usage: man.py AGGBOOTSTRAP DIRECTORY
"""

import json
import pathlib
import subprocess
import sys


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


def page(command, path, version):
    name = "-".join(path)
    lines = [f'.TH "{escaped(name.upper())}" 1 "" "aggbootstrap {escaped(version)}"', ".SH NAME",
             f"{escaped(name)} \\- {escaped(command.get('abstract', '').rstrip('.'))}", ".SH SYNOPSIS"]
    arguments = [one for one in command.get("arguments", []) if one.get("shouldDisplay", True)]
    children = [one for one in command.get("subcommands", []) if one["commandName"] != "help"]
    positional = "".join(f" [{title(one)}]" for one in arguments if one["kind"] == "positional")
    what = " \\fIcommand\\fR" if children else " [\\fIoption\\fR ...]" + positional
    lines.append(f"\\fB{escaped(' '.join(path))}\\fR{what}")
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", *paragraphs(command["discussion"])[1:]]
    if children:
        lines.append(".SH COMMANDS")
        for child in children:
            lines += [".TP", f"\\fB{escaped(child['commandName'])}\\fR", escaped(child.get("abstract", ""))]
    if arguments:
        lines.append(".SH OPTIONS")
        for one in arguments:
            text = " ".join(filter(None, [one.get("abstract"), one.get("discussion")]))
            lines += [".TP", title(one), escaped(text)]
    others = sorted({f"{path[0]}-{one['commandName']}" for one in children} | ({path[0]} if len(path) > 1 else set()))
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
