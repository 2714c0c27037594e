# SPDX-License-Identifier: Apache-2.0
"""From the exit status and the JSON of aggbootstrap to the module's result. Pure: no file, no process."""

from __future__ import annotations

import json

from ansible_collections.aggbootstrap.kubernetes.plugins.module_utils.command_line import CHANGING

MEANINGS = {
    1: "every node is as it was",
    3: "some nodes are new, some old",
    4: "a proof failed or could not be made",
    64: "wrong usage",
    65: "the spec is bad",
    74: "done, but the result could not be written",
    75: "another run holds the lock",
}
# Ends of a run that may have changed something, where it says nothing about it.
_MAY_HAVE_CHANGED = (3, 4, 74)


def result(command, check_mode, status, output, errors, require_proof=False):
    """The module's result: changed, failed, msg, rc, and of a failure code, hint, details and problems."""
    try:
        document = json.loads(output)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return _unread(command, check_mode, status, errors)
    found = {
        "rc": status,
        "failed": status != 0,
        "changed": _changed(command, check_mode, status, document),
        "document": document,
    }
    if status == 0:
        found["msg"] = _done(document, check_mode)
    elif "error" in document:
        found.update(_failure(document["error"], status))
    else:
        found["msg"] = _shortfall(document, status, require_proof)
    return found


def _unread(command, check_mode, status, errors):
    """A program that was killed, or that is another one."""
    ended = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    last = errors.strip().splitlines()[-1:] or ["it said nothing"]
    return {
        "rc": status,
        "failed": True,
        "changed": command in CHANGING and not check_mode and status < 0,
        "msg": f"aggbootstrap {ended} and wrote no JSON: {last[0]}",
        "hint": "run it again: it finishes or undoes what was interrupted" if status < 0 else "look whether executable is aggbootstrap",
    }


def _changed(command, check_mode, status, document):
    if command not in CHANGING:
        return False
    if check_mode:
        return "error" not in document and (document.get("result") == "planned" or document.get("isEmpty") is False)
    if "changes" in document:
        nodes = document.get("nodes", [])
        return any(document["changes"].values()) or any(_differs(node) for node in nodes)
    if "error" in document:
        return status in _MAY_HAVE_CHANGED
    return document.get("result") in ("replaced", "called-off")


def _differs(node):
    """Whether a node is not as it was before the run."""
    return node["result"] == "changed" or (node["result"] == "failed" and not node["error"]["isAsBefore"])


def _failure(error, status):
    lines = [f"{error['message']} [{error['code']}]"]
    lines += [f"{place(problem)}: {problem['message']} [{problem['code']}]" for problem in error["problems"]]
    if error.get("hint"):
        lines.append(f"hint: {error['hint']}")
    lines.append(f"exit status {status}: {MEANINGS.get(status, 'failed')}")
    return {
        "msg": "\n".join(lines),
        "code": error["code"],
        "hint": error.get("hint"),
        "details": error["details"],
        "problems": error["problems"],
    }


def place(problem):
    """Where a problem of the spec is: its path, or line and column if it has none."""
    return problem["path"] or f"{problem['line']}:{problem['column']}"


def _shortfall(document, status, require_proof):
    """There is no error, and all the same it is not enough: proofs, or what `status` warns of."""
    bad = ("failed", "not-proven") if require_proof else ("failed",)
    lines = [
        f"{node['name']}: {proof['name']}: {proof['text']}"
        for node in document.get("nodes", [])
        for proof in node.get("proofs", [])
        if proof["outcome"] in bad
    ]
    for notice in document.get("plan", {}).get("notices", []):
        if notice["code"] == "plan/flags-missing":
            lines += [notice["message"]] + notice.get("details", [])
    if not lines:
        lines = ["a certificate ends soon, or something differs from the spec, or a control plane cannot be read: see document"]
    return "\n".join(lines + [f"exit status {status}: {MEANINGS.get(status, 'failed')}"])


def _done(document, check_mode):
    if document.get("isDue") is False:
        coming = document.get("next")
        return "nothing is due" + (f"; next: {_owner(coming)}, from {coming['from']} on" if coming else "")
    if "isEmpty" in document:
        return _planned(document)
    if "changes" in document:
        return _counted(document["changes"])
    if "result" in document:
        return {
            "none": "no CA rotation is open: nothing to abort",
            "planned": "would be done: " + "; ".join(document.get("stages", [])),
            "replaced": "the CA is replaced",
            "called-off": "the CA rotation is aborted: only the old CA is trusted",
        }.get(document["result"], document["result"])
    outcomes = [proof["outcome"] for node in document.get("nodes", []) for proof in node.get("proofs", [])]
    if outcomes:
        return f"{outcomes.count('passed')} of {len(outcomes)} proofs hold, {outcomes.count('not-proven')} could not be made"
    return "done"


def _owner(item):
    if item["role"] == "ca":
        return "the requestheader CA"
    return f"the proxy client certificate of {item['owner']}"


def _planned(plan):
    if plan["isEmpty"]:
        return "nothing to change"
    files = sum(len(node["files"]) for node in plan["nodes"])
    restarts = sum(node["restart"] == "needed" for node in plan["nodes"])
    return f"would be done: {len(plan['issues'])} certificates issued, {files} files written, {restarts} restarts"


def _counted(changes):
    if not any(changes.values()):
        return "nothing to change"
    text = f"{changes['certificatesIssued']} certificates issued, {changes['filesWritten']} files written, {changes['restarts']} restarts"
    return text + (f", {changes['keysEncrypted']} private keys encrypted" if changes["keysEncrypted"] else "")
