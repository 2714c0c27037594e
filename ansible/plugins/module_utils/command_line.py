# SPDX-License-Identifier: Apache-2.0
"""From the module's options to the arguments of aggbootstrap. Pure: no file, no process."""

from __future__ import annotations

CHANGING = ("init", "rotate")
COMMANDS = CHANGING + ("status", "verify")
_ROTATE = ("rotate",)

# Option of the module: argument of the program, and the commands that take it.
OPTIONS = {
    "state_directory": ("--state", COMMANDS),
    "root": ("--root", COMMANDS),
    "base_unit": ("--base-unit", COMMANDS),
    "base_file": ("--base-file", COMMANDS),
    "limit": ("--limit", COMMANDS),
    "passphrase_file": ("--passphrase-file", CHANGING),
    "accept_unhealthy": ("--accept-unhealthy", CHANGING),
    "include_pending": ("--include-pending", CHANGING),
    "require_proof": ("--require-proof", CHANGING + ("verify",)),
    "ca": ("--ca", _ROTATE),
    "compromised": ("--compromised", _ROTATE),
    "abort": ("--abort", _ROTATE),
    "if_due": ("--if-due", _ROTATE),
    "renew_before": ("--renew-before", _ROTATE),
    "cross_sign": ("--cross-sign", _ROTATE),
    "accept_laggard": ("--accept-laggard", _ROTATE),
    "accept_unseen_extensions": ("--accept-unseen-extensions", _ROTATE),
    "accept_unlisted": ("--accept-unlisted", _ROTATE),
    "soak": ("--soak", _ROTATE),
    "watch": ("--watch", _ROTATE),
    "reload_wait": ("--reload-wait", _ROTATE),
    "no_canary": ("--no-canary", _ROTATE),
    "canary": ("--canary", ("verify",)),
    "canary_address": ("--canary-address", ("rotate", "verify")),
    "warn_before": ("--warn-before", ("status",)),
}


# These say what to do. The others are settings of a cluster, which a command that has no use for them leaves out.
DEEDS = ("ca", "compromised", "abort", "if_due", "renew_before", "cross_sign", "canary", "warn_before")
# Settings that a rotation has a use for only if it is, or may become, one of the CA.
_OF_THE_CA = ("accept_laggard", "accept_unseen_extensions", "accept_unlisted", "soak", "watch")


def misplaced(params):
    """Why these options cannot go together; None if they can."""
    command = params["command"]
    strays = [name for name in DEEDS if _is_given(params.get(name)) and command not in OPTIONS[name][1]]
    if not strays:
        return None
    takers = ", ".join(OPTIONS[strays[0]][1])
    return f"{strays[0]} is given, and command is {command}: it is for {takers} only"


def arguments(params, spec_file, check_mode):
    """What comes behind the program's name. A passphrase is never in it: only the path of its file."""
    command = params["command"]
    given = dict(params)
    if check_mode and command == "verify":
        # The canary changes the cluster while it runs.
        given["canary"] = given["canary_address"] = None
    result = [command, f"--spec={spec_file}", "-o", "json", "--color=never"]
    if command in CHANGING:
        result.append("--dry-run" if check_mode else "--yes")
    replaces_ca = any(_is_given(given.get(name)) for name in ("ca", "compromised", "abort", "if_due"))
    for name, (argument, takers) in OPTIONS.items():
        if command in takers and _is_given(given.get(name)) and (replaces_ca or name not in _OF_THE_CA):
            result += _written(argument, given[name])
    return result


def _is_given(value):
    return value is not None and value is not False and value != []


def _written(argument, value):
    if value is True:
        return [argument]
    return [f"{argument}={item}" for item in (value if isinstance(value, list) else [value])]
