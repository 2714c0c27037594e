# SPDX-License-Identifier: Apache-2.0
"""From the variables with which Ansible reaches hosts to the nodes of a spec, and an ssh_config. Pure."""

from __future__ import annotations

import re
import shlex

_LOCAL = ("local", "ansible.builtin.local")
_SSH = ("ssh", "smart", "ansible.builtin.ssh", "paramiko", "paramiko_ssh", "ansible.netcommon.paramiko_ssh")
_YES = ("1", "true", "yes", "on", "y", "t")
_OWN_CONFIGURATION = ("~/.ssh/config", "/etc/ssh/ssh_config")
# What ssh takes as an option of one letter, and its name in ssh_config.
_LETTERS = {"-J": "ProxyJump", "-i": "IdentityFile", "-p": "Port", "-l": "User"}


def control_planes(hosts, hostvars):
    """`nodes` of a spec for these hosts, and the text of an ssh_config if the spec cannot say how they are reached."""
    nodes = []
    blocks = {}
    for host in hosts:
        node, settings = _node(host, _reader(host, hostvars))
        nodes.append(node)
        if settings:
            _add_block(blocks, host, node["address"], settings)
    return {"nodes": nodes, "ssh_config": "".join(blocks.values())}


def _reader(host, hostvars):
    variables = hostvars[host]

    def read(*names):
        for name in names:
            value = variables.get(name)
            if value is not None and value != "":
                return value
        return None

    return read


def _node(host, read):
    node = {"name": str(read("aggregation_layer_node") or host)}
    flags = read("aggregation_layer_node_flags")
    if flags:
        node["flags"] = [flags] if isinstance(flags, str) else [str(flag) for flag in flags]
    connection = str(read("ansible_connection") or "ssh")
    if connection in _LOCAL:
        node["local"] = True
        return node, None
    if connection not in _SSH:
        raise ValueError(f"{host}: ansible_connection is {connection}: aggbootstrap reaches control planes over ssh, or locally")
    node["address"] = str(read("ansible_host", "ansible_ssh_host") or host)
    settings = _settings(host, read)
    ssh = _ssh(host, read)
    if list(settings) == ["Include"]:
        ssh["configFile"] = settings.pop("Include")[0]
    if ssh:
        node["ssh"] = ssh
    return node, settings


def _ssh(host, read):
    ssh = {}
    user = read("ansible_user", "ansible_ssh_user")
    if user:
        ssh["user"] = str(user)
    if str(read("ansible_become") or "").lower() in _YES and user != "root":
        method = str(read("ansible_become_method") or "sudo")
        if method not in ("sudo", "ansible.builtin.sudo"):
            raise ValueError(f"{host}: ansible_become_method is {method}: aggbootstrap becomes root with sudo only")
        if str(read("ansible_become_user") or "root") != "root":
            raise ValueError(f"{host}: ansible_become_user is {read('ansible_become_user')}: aggbootstrap works as root")
        ssh["sudo"] = True
    key = read("aggregation_layer_host_key")
    if key:
        ssh["hostKey"] = str(key)
    return ssh


def _settings(host, read):
    """Settings of ssh_config by their names, each with its values; `Include` is a configuration of the operator's own."""
    settings = {}
    port = read("ansible_port", "ansible_ssh_port")
    if port and int(port) != 22:
        settings["Port"] = [str(int(port))]
    key = read("ansible_ssh_private_key_file", "ansible_private_key_file")
    if key:
        settings["IdentityFile"] = [f'"{key}"']
    for variable in ("ansible_ssh_common_args", "ansible_ssh_extra_args"):
        for name, value in _options(host, variable, str(read(variable) or "")):
            settings.setdefault(name, []).append(value)
    for values in settings.values():
        if any("\n" in value for value in values):
            raise ValueError(f"{host}: an ssh setting has more than one line")
    return settings


def _options(host, variable, text):
    """Arguments of ssh as settings of ssh_config."""
    words = shlex.split(text)
    while words:
        word = words.pop(0)
        letter, value = word[:2], word[2:]
        if letter not in ("-o", "-F") and letter not in _LETTERS or not (value or words):
            raise ValueError(f"{host}: {word} in {variable} cannot be taken over: write it into an ssh_config, and name that with -F")
        value = value or words.pop(0)
        if letter == "-F":
            yield "Include", value
        elif letter == "-o":
            name, setting = re.match(r"\s*([A-Za-z0-9]+)\s*[=\s]?\s*(.*)", value, re.DOTALL).groups()
            yield name, setting
        else:
            yield _LETTERS[letter], value


def _add_block(blocks, host, address, settings):
    if address in blocks:
        raise ValueError(f"{host}: another host has the address {address} too: give each a name of its own in ssh_config")
    lines = [f"Host {address}"]
    for name, values in settings.items():
        if name != "Include":
            lines += [f"  {name} {value}" for value in values]
    # Within the block they are read for this host only, and what is above wins.
    lines += [f'  Include "{path}"' for path in settings.get("Include", _OWN_CONFIGURATION)]
    blocks[address] = "\n".join(lines) + "\n"
