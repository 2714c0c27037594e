# SPDX-License-Identifier: Apache-2.0
"""The filter with which the role makes a spec from the inventory."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible_collections.aggbootstrap.kubernetes.plugins.module_utils.inventory import control_planes

DOCUMENTATION = r"""
name: control_planes
short_description: The nodes of a spec, from hosts of the inventory
version_added: 1.0.0
author:
  - aggbootstrap contributors (!UNKNOWN)
description:
  - Takes over how Ansible reaches each host, as far as a spec or an ssh_config can say it. It fails for what they cannot.
  - "Reads of each host: C(ansible_host), C(ansible_user), C(ansible_port), C(ansible_become), C(ansible_connection),
    C(ansible_ssh_private_key_file), C(ansible_ssh_common_args), C(ansible_ssh_extra_args), C(aggregation_layer_node),
    C(aggregation_layer_host_key) and C(aggregation_layer_node_flags)."
positional: hostvars
options:
  _input:
    description: Names of hosts, in the order in which their control planes are changed.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variable C(hostvars).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the nodes of a spec
  ansible.builtin.debug:
    msg: "{{ (groups['shanghai'] | aggbootstrap.kubernetes.control_planes(hostvars)).nodes }}"
"""

RETURN = r"""
_value:
  description: C(nodes) for a spec, and C(ssh_config), which is empty if it is not needed.
  type: dict
"""


def _control_planes(hosts, hostvars):
    try:
        return control_planes(hosts, hostvars)
    except (ValueError, TypeError) as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The collection's filters."""

    def filters(self):
        """Their names and functions."""
        return {"control_planes": _control_planes}
