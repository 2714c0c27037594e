# SPDX-License-Identifier: Apache-2.0
"""What is taken over from the inventory, and what is refused."""

from __future__ import annotations

import os
import subprocess
import tempfile
import unittest

from ansible_collections.aggbootstrap.kubernetes.plugins.module_utils.inventory import control_planes


def one(**variables):
    """The node and the ssh_config of one host, cp1."""
    made = control_planes(["cp1"], {"cp1": variables})
    return made["nodes"][0], made["ssh_config"]


class NodeTests(unittest.TestCase):
    def test_a_bare_host_is_its_own_address(self):
        self.assertEqual(one(), ({"name": "cp1", "address": "cp1"}, ""))

    def test_address_and_user(self):
        node, config = one(ansible_host="192.0.2.1", ansible_user="root", ansible_port=22)
        self.assertEqual(node, {"name": "cp1", "address": "192.0.2.1", "ssh": {"user": "root"}})
        self.assertEqual(config, "")

    def test_become_is_sudo_but_for_root(self):
        self.assertEqual(one(ansible_user="ops", ansible_become=True)[0]["ssh"], {"user": "ops", "sudo": True})
        self.assertEqual(one(ansible_user="ops", ansible_become="yes")[0]["ssh"], {"user": "ops", "sudo": True})
        self.assertEqual(one(ansible_user="ops", ansible_become="no")[0]["ssh"], {"user": "ops"})
        self.assertEqual(one(ansible_user="root", ansible_become=True)[0]["ssh"], {"user": "root"})

    def test_a_local_host_has_no_address(self):
        self.assertEqual(one(ansible_connection="local", ansible_host="192.0.2.1"), ({"name": "cp1", "local": True}, ""))

    def test_what_only_the_role_knows(self):
        node, _config = one(
            aggregation_layer_node="master-1", aggregation_layer_host_key="ssh-ed25519 AAAA", aggregation_layer_node_flags=["--v=2"]
        )
        self.assertEqual(node["name"], "master-1")
        self.assertEqual(node["ssh"], {"hostKey": "ssh-ed25519 AAAA"})
        self.assertEqual(node["flags"], ["--v=2"])
        self.assertEqual(one(aggregation_layer_node_flags="--v=2")[0]["flags"], ["--v=2"])

    def test_the_order_is_the_groups(self):
        made = control_planes(["b", "a"], {"a": {}, "b": {}})
        self.assertEqual([node["name"] for node in made["nodes"]], ["b", "a"])


class SSHConfigTests(unittest.TestCase):
    def test_port_key_and_jump_host(self):
        node, config = one(
            ansible_host="192.0.2.1",
            ansible_port="2222",
            ansible_ssh_private_key_file="/keys/a b",
            ansible_ssh_common_args="-J jump -o 'ServerAliveInterval 3' -oCompression=yes",
            ansible_ssh_extra_args='-o ProxyCommand="ssh -W %h:%p -q bastion"',
        )
        self.assertNotIn("ssh", node)
        self.assertEqual(
            config,
            'Host 192.0.2.1\n  Port 2222\n  IdentityFile "/keys/a b"\n  ProxyJump jump\n  ServerAliveInterval 3\n'
            "  Compression yes\n  ProxyCommand ssh -W %h:%p -q bastion\n"
            '  Include "~/.ssh/config"\n  Include "/etc/ssh/ssh_config"\n',
        )

    def test_a_configuration_of_ones_own_is_named(self):
        node, config = one(ansible_ssh_common_args="-F /etc/ops.conf")
        self.assertEqual((node["ssh"], config), ({"configFile": "/etc/ops.conf"}, ""))

    def test_a_configuration_of_ones_own_beside_other_settings(self):
        _node, config = one(ansible_ssh_common_args="-F/etc/ops.conf -p 2222")
        self.assertEqual(config, 'Host cp1\n  Port 2222\n  Include "/etc/ops.conf"\n')


class SSHTests(unittest.TestCase):
    """What ssh itself makes of such a configuration."""

    def settings(self, text, address):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "ssh_config")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            said = subprocess.run(["ssh", "-G", "-F", path, address], capture_output=True, text=True, check=True).stdout
        return dict(line.split(" ", 1) for line in said.splitlines())

    def test_each_host_has_its_own_settings(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as own:
            own.write("Host 192.0.2.*\n  User included\n  Port 3333\n")
            own.flush()
            hosts = {
                "cp1": {
                    "ansible_host": "192.0.2.1",
                    "ansible_port": 2222,
                    "ansible_ssh_private_key_file": "/keys/a b",
                    "ansible_ssh_common_args": f"-J jump -F {own.name}",
                },
                "cp2": {"ansible_host": "192.0.2.2", "ansible_ssh_common_args": f"-F {own.name} -o Compression=yes"},
                "cp3": {"ansible_host": "2001:db8::3", "ansible_port": 2223},
            }
            text = control_planes(list(hosts), hosts)["ssh_config"]
            first, second, third = (self.settings(text, host["ansible_host"]) for host in hosts.values())
        self.assertEqual([first[name] for name in ("port", "user", "identityfile", "proxyjump")], ["2222", "included", "/keys/a b", "jump"])
        self.assertEqual([second[name] for name in ("port", "user", "compression")], ["3333", "included", "yes"])
        self.assertNotIn("proxyjump", second)
        self.assertEqual(third["port"], "2223")


class RefusalTests(unittest.TestCase):
    def refused(self, text, **variables):
        with self.assertRaises(ValueError) as caught:
            one(**variables)
        self.assertIn("cp1: ", str(caught.exception))
        self.assertIn(text, str(caught.exception))

    def test_other_connections(self):
        self.refused("ansible_connection is docker", ansible_connection="docker")

    def test_other_ways_to_root(self):
        self.refused("ansible_become_method is su", ansible_become=True, ansible_become_method="su")
        self.refused("ansible_become_user is kube", ansible_become=True, ansible_become_user="kube")

    def test_other_arguments(self):
        self.refused("-A in ansible_ssh_extra_args", ansible_ssh_extra_args="-A")
        self.refused("-o in ansible_ssh_common_args", ansible_ssh_common_args="-o")

    def test_more_than_one_line(self):
        self.refused("more than one line", ansible_ssh_common_args="-o 'User=a\n  ProxyCommand=b'")

    def test_one_address_for_two_hosts(self):
        variables = {"ansible_host": "192.0.2.1", "ansible_port": 2201}
        with self.assertRaises(ValueError) as caught:
            control_planes(["cp1", "cp2"], {"cp1": variables, "cp2": variables})
        self.assertIn("192.0.2.1", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
