# SPDX-License-Identifier: Apache-2.0
"""What Ansible shows with --diff: the plan's own diffs. Pure. A plan holds no key, so neither does this."""

from __future__ import annotations


def differences(document):
    """One entry for each note, certificate, file and restart of a plan, or for each stage of a CA rotation."""
    plan = document.get("plan", document)
    texts = _plan(plan) if "issues" in plan else []
    texts += [f"{stage}\n" for stage in document.get("stages", [])]
    return [{"prepared": text} for text in texts]


def _plan(plan):
    texts = [f"note: {notice['message']}\n" for notice in plan["notices"]]
    texts += [_issue(issue) for issue in plan["issues"]]
    texts += [f"encrypt the private key {path}\n" for path in plan["encryptsKeys"]]
    for node in plan["nodes"]:
        texts += [_file(node["name"], file) for file in node["files"]]
        if node["restart"] == "needed":
            texts.append(f"{node['name']}: restart kube-apiserver\n")
    return texts


def _issue(issue):
    what = "requestheader CA" if issue["role"] == "ca" else f"proxy client certificate of {issue.get('owner', 'all nodes')}"
    return f"issue {what}: CN={issue['commonName']}, {issue['key']}, {issue['notBefore'][:10]} to {issue['notAfter'][:10]} ({issue['reason']})\n"


def _file(node, file):
    if file.get("diff"):
        name = f"{node}:{file['path']}"
        before = "/dev/null" if file["action"] == "create" else name
        after = "/dev/null" if file["action"] == "remove" else name
        return "\n".join([f"--- {before}", f"+++ {after}"] + file["diff"]) + "\n"
    return f"{node}: {file['action']} {file['path']} ({file['content'].replace('-', ' ')}, {file['mode']})\n"
