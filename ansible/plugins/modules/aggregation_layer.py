#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Runs aggbootstrap, and hands over what its JSON says."""

from __future__ import annotations

DOCUMENTATION = r"""
module: aggregation_layer
short_description: Kubernetes' aggregation layer, and its certificates, with aggbootstrap
description:
  - Runs aggbootstrap for one cluster, and returns its JSON.
  - It runs on the machine that reaches all control planes over ssh. Delegate the task to C(localhost), and run it once for each
    cluster. Order, gates, locks and what is restored after a failure are aggbootstrap's.
  - O(command=init), and O(command=rotate) with O(if_due=true), change nothing when they run again. O(command=rotate) without
    O(if_due) replaces certificates each time that it runs.
  - An option that says what to do, such as O(ca), is refused with another command. A setting that a command has no use for, such as
    O(passphrase_file) for O(command=verify), is left out.
version_added: 1.0.0
author:
  - aggbootstrap contributors (!UNKNOWN)
options:
  command:
    description:
      - What to do, as C(aggbootstrap COMMAND) does it.
      - There is no C(rollback). Run twice, it makes the change again, so it is no task of a playbook.
    type: str
    choices: [init, rotate, status, verify]
    default: init
  spec:
    description: The cluster's spec, a JSON file.
    type: path
  definition:
    description: The content of the spec. It is written to a temporary file with mode 0600, which is removed afterwards.
    type: dict
  ssh_config:
    description:
      - An ssh_config for those nodes of O(definition) that name no C(configFile). It is written to a temporary file as O(definition) is.
      - ssh then reads no other. C(Include ~/.ssh/config) in it reads the usual one too.
    type: str
  executable:
    description: The program aggbootstrap, a path or a name that is found on the PATH.
    type: path
    default: aggbootstrap
  state_directory:
    description:
      - The directory that holds the CA's key. It must outlive the run, so name a volume if Ansible runs in a container.
      - The default is C(stateDirectory) of the spec, else that of aggbootstrap.
    type: path
  passphrase_file:
    description:
      - A file with the passphrase of the keys in O(state_directory), which only its owner can read.
      - The default is the environment variable E(AGGBOOTSTRAP_PASSPHRASE_FILE).
    type: path
  limit:
    description: Names of the nodes to work on.
    type: list
    elements: str
    default: []
  require_proof:
    description: Fail if a proof cannot be made.
    type: bool
    default: false
  include_pending:
    description: Restart even if that activates changes of the unit that aggbootstrap did not make.
    type: bool
    default: false
  accept_unhealthy:
    description: Names of control planes that do not have to be ready while others are restarted.
    type: list
    elements: str
    default: []
  if_due:
    description: "O(command=rotate): replace only what is due, the CA included."
    type: bool
    default: false
  renew_before:
    description: "With O(if_due=true): only what ends within this time is due, such as V(30d)."
    type: str
  ca:
    description: "O(command=rotate): replace the requestheader CA too, or resume a CA rotation that is open."
    type: bool
    default: false
  cross_sign:
    description: "With O(ca=true): have the old CA sign the new one too."
    type: bool
    default: false
  abort:
    description: "O(command=rotate): abort the CA rotation and return to the old CA."
    type: bool
    default: false
  compromised:
    description: "O(command=rotate): replace the CA at once, because others may have this key."
    type: str
    choices: [leaf, ca]
  accept_laggard:
    description: "O(command=rotate): continue even if these extension API servers or programs do not trust the new CA."
    type: list
    elements: str
    default: []
  accept_unseen_extensions:
    description: "O(command=rotate): replace the CA even if there is no kubeconfig to find the extension API servers with."
    type: bool
    default: false
  accept_unlisted:
    description: "O(command=rotate): continue even if API servers at these addresses are not in the spec."
    type: list
    elements: str
    default: []
  soak:
    description: "O(command=rotate): for how many seconds both CAs stay trusted."
    type: int
  watch:
    description: "O(command=rotate): for how many seconds to watch that the old CA does not come back."
    type: int
  reload_wait:
    description: "O(command=rotate): for how many seconds to wait for a kube-apiserver before 1.23."
    type: int
  no_canary:
    description: "O(command=rotate): do not run the canary."
    type: bool
    default: false
  canary:
    description: "O(command=verify): prove the whole path of a request with a canary. Not in check mode, because it changes the cluster meanwhile."
    type: bool
    default: false
  canary_address:
    description: The address at which control planes reach this machine for the canary.
    type: str
  warn_before:
    description: "O(command=status): fail if a certificate ends within this time, such as V(30d), or if something differs from the spec."
    type: str
  root:
    description: Work offline on the trees below this directory, and use no node and no network.
    type: path
  base_unit:
    description: "With O(root): a copy of the unit that runs kube-apiserver."
    type: path
  base_file:
    description: "With O(root): environment files that the unit reads, each as V(PATH=FILE)."
    type: list
    elements: str
    default: []
requirements:
  - aggbootstrap on the machine on which the task runs
attributes:
  check_mode:
    description: Runs aggbootstrap with C(--dry-run). It reads the control planes, and changes nothing.
    support: full
  diff_mode:
    description: Shows the diff of each file, and the certificates that are issued. Keys are named by their paths.
    support: full
"""

EXAMPLES = r"""
- name: Turn the aggregation layer on
  aggbootstrap.kubernetes.aggregation_layer:
    spec: /etc/aggbootstrap/shanghai.json
    passphrase_file: /etc/aggbootstrap/passphrase
  delegate_to: localhost
  run_once: true

- name: Replace what is due
  aggbootstrap.kubernetes.aggregation_layer:
    command: rotate
    if_due: true
    renew_before: 60d
    definition:
      apiVersion: aggbootstrap/v1
      cluster: shanghai
      nodes:
        - name: master-1
          address: 192.168.123.250
          ssh: { user: root }
  delegate_to: localhost
  run_once: true

- name: Prove it, also after another tool's change
  aggbootstrap.kubernetes.aggregation_layer:
    command: verify
    spec: /etc/aggbootstrap/shanghai.json
    require_proof: true
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
changed:
  description:
    - Whether aggbootstrap changed something, on a control plane or in the state directory. In check mode, whether it would.
    - After a failure it is true if some nodes were changed, and also if a CA rotation that stopped does not say so.
  returned: always
  type: bool
rc:
  description: The exit status of aggbootstrap. 3 means that some nodes are new and some old, 75 that another run holds the lock.
  returned: always
  type: int
code:
  description: The error's code, such as C(node/unreachable). Codes do not change; the text beside them may.
  returned: if aggbootstrap says why it failed
  type: str
hint:
  description: What to do next.
  returned: if aggbootstrap says why it failed
  type: str
details:
  description: Lines that show the cause.
  returned: if aggbootstrap says why it failed
  type: list
  elements: str
problems:
  description: What is wrong with the spec, each with C(path), C(code), C(message) and C(hint).
  returned: if aggbootstrap says why it failed
  type: list
  elements: dict
document:
  description: The whole JSON document of the command. It holds no key.
  returned: if aggbootstrap wrote one
  type: dict
stderr:
  description: What aggbootstrap said while it worked.
  returned: always
  type: str
"""

import json
import os
import shutil
import signal
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.aggbootstrap.kubernetes.plugins.module_utils.command_line import arguments, misplaced
from ansible_collections.aggbootstrap.kubernetes.plugins.module_utils.differences import differences
from ansible_collections.aggbootstrap.kubernetes.plugins.module_utils.outcome import result


def names():
    """An option with no or many names."""
    return {"type": "list", "elements": "str", "default": []}


def switch():
    """An option that is on or off."""
    return {"type": "bool", "default": False}


ARGUMENTS = {
    "command": {"type": "str", "choices": ["init", "rotate", "status", "verify"], "default": "init"},
    "spec": {"type": "path"},
    "definition": {"type": "dict"},
    "ssh_config": {"type": "str"},
    "executable": {"type": "path", "default": "aggbootstrap"},
    "state_directory": {"type": "path"},
    "passphrase_file": {"type": "path", "no_log": False},
    "limit": names(),
    "require_proof": switch(),
    "include_pending": switch(),
    "accept_unhealthy": names(),
    "if_due": switch(),
    "renew_before": {"type": "str"},
    "ca": switch(),
    "cross_sign": switch(),
    "abort": switch(),
    "compromised": {"type": "str", "choices": ["leaf", "ca"]},
    "accept_laggard": names(),
    "accept_unseen_extensions": switch(),
    "accept_unlisted": names(),
    "soak": {"type": "int"},
    "watch": {"type": "int"},
    "reload_wait": {"type": "int"},
    "no_canary": switch(),
    "canary": switch(),
    "canary_address": {"type": "str"},
    "warn_before": {"type": "str"},
    "root": {"type": "path"},
    "base_unit": {"type": "path"},
    "base_file": names(),
}


def main():
    """What Ansible calls."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        mutually_exclusive=[("spec", "definition")],
        required_one_of=[("spec", "definition")],
        required_by={"ssh_config": ("definition",)},
        supports_check_mode=True,
    )
    problem = misplaced(module.params)
    if problem:
        module.fail_json(msg=problem)
    program = module.get_bin_path(module.params["executable"])
    if not program:
        module.fail_json(
            msg=f"there is no program {module.params['executable']} on this machine: install aggbootstrap, or name it with executable"
        )
    if module.check_mode and module.params["canary"]:
        module.warn("check mode: the canary is not run, because it changes the cluster while it runs")
    directory = tempfile.mkdtemp(prefix="aggbootstrap-", dir=module.tmpdir)
    try:
        found = run(module, program, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if found["failed"]:
        module.fail_json(**found)
    module.exit_json(**found)


def run(module, program, directory):
    """Runs the program, and turns what it said into the module's result."""
    params = module.params
    spec = params["spec"] or write_definition(params["definition"], params["ssh_config"], directory)
    outlive_signals()
    status, output, errors = module.run_command([program] + arguments(params, spec, module.check_mode))
    # The temporary files are gone when somebody reads this.
    output, errors = (text.replace(f"{directory}/", "") for text in (output, errors))
    found = result(params["command"], module.check_mode, status, output, errors, params["require_proof"])
    found["stderr"] = errors
    if module._diff and "document" in found:  # pylint: disable=protected-access
        found["diff"] = differences(found["document"])
    return found


def outlive_signals():
    """When Ansible is stopped, so is the program, which first brings a control plane to an end: its files are needed until then."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: None)


def write_definition(definition, ssh_config, directory):
    """Writes the spec and the ssh_config; only their owner can read them."""
    if ssh_config:
        path = write(directory, "ssh_config", ssh_config)
        for node in definition.get("nodes", []):
            if not node.get("local"):
                node["ssh"] = {"configFile": path, **node.get("ssh", {})}
    return write(directory, "definition.json", json.dumps(definition, indent=2, ensure_ascii=False))


def write(directory, name, text):
    """Writes a new file, and returns its path."""
    path = os.path.join(directory, name)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


if __name__ == "__main__":
    main()
