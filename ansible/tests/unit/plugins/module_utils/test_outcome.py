# SPDX-License-Identifier: Apache-2.0
"""What is made of what the program says. It runs for real, on trees: AGGBOOTSTRAP names it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import unittest

from ansible_collections.aggbootstrap.kubernetes.plugins.module_utils.command_line import arguments
from ansible_collections.aggbootstrap.kubernetes.plugins.module_utils.differences import differences
from ansible_collections.aggbootstrap.kubernetes.plugins.module_utils.outcome import result

PROGRAM = os.environ.get("AGGBOOTSTRAP", "aggbootstrap")
UNIT = "[Service]\nExecStart=/usr/local/bin/kube-apiserver --secure-port=6443 --client-ca-file=/etc/kubernetes/ssl/ca.pem\n"


class OfflineTests(unittest.TestCase):
    """The real program on the trees of two nodes."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.directory = holder.name
        self.spec = {"apiVersion": "aggbootstrap/v1", "cluster": "c", "nodes": [{"name": "cp1"}, {"name": "cp2"}]}
        for number, node in enumerate(self.spec["nodes"]):
            node["address"] = f"192.0.2.{number + 1}"
        with open(self.path("kube-apiserver.service"), "w", encoding="utf-8") as file:
            file.write(UNIT)

    def path(self, name):
        return os.path.join(self.directory, name)

    def run_it(self, command, check_mode=False, **params):
        with open(self.path("spec.json"), "w", encoding="utf-8") as file:
            json.dump(self.spec, file)
        params = {"command": command, "root": self.path("out"), "state_directory": self.path("state"), **params}
        if command == "init":
            params["base_unit"] = self.path("kube-apiserver.service")
        ran = subprocess.run(
            [PROGRAM] + arguments(params, self.path("spec.json"), check_mode), capture_output=True, text=True, check=False
        )
        return result(command, check_mode, ran.returncode, ran.stdout, ran.stderr, params.get("require_proof", False))

    def key(self, node):
        return self.path(f"out/{node}/etc/kubernetes/ssl/aggregator-key.pem")

    def test_check_then_change_then_nothing(self):
        found = self.run_it("init", check_mode=True)
        self.assertTrue(found["changed"] and not found["failed"], found)
        self.assertEqual(found["msg"], "would be done: 3 certificates issued, 8 files written, 0 restarts")
        self.assertFalse(os.path.exists(self.path("out")) or os.path.exists(self.path("state")))
        found = self.run_it("init")
        self.assertTrue(found["changed"] and not found["failed"], found)
        self.assertEqual(found["msg"], "3 certificates issued, 8 files written, 0 restarts")
        for check_mode in (True, False):
            found = self.run_it("init", check_mode=check_mode)
            self.assertEqual((found["changed"], found["failed"], found["msg"]), (False, False, "nothing to change"))

    def test_a_mode_alone_is_a_change(self):
        self.run_it("init")
        os.chmod(self.key("cp2"), 0o644)
        found = self.run_it("init", check_mode=True)
        self.assertTrue(found["changed"])
        self.assertEqual(
            differences(found["document"]),
            [{"prepared": "cp2: set-metadata /etc/kubernetes/ssl/aggregator-key.pem (private key, 0600)\n"}],
        )
        found = self.run_it("init")
        self.assertEqual((found["changed"], found["msg"]), (True, "0 certificates issued, 1 files written, 0 restarts"))

    def test_diffs_show_flags_and_no_key(self):
        texts = [entry["prepared"] for entry in differences(self.run_it("init", check_mode=True)["document"])]
        self.assertIn("note: the drop-in overrides ExecStart=", texts[0])
        self.assertIn("issue requestheader CA: CN=aggregator-ca, ECDSA P-256, ", texts[2])
        whole = "".join(texts)
        self.assertIn("--- /dev/null\n+++ cp1:/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf\n@@ ", whole)
        self.assertIn("+  --requestheader-allowed-names=aggregator \\\n", whole)
        self.assertIn("cp1: create /etc/kubernetes/ssl/aggregator-key.pem (private key, 0600)\n", whole)
        found = self.run_it("init")
        self.assertEqual("".join(entry["prepared"] for entry in differences(found["document"])), whole)
        with open(self.key("cp1"), encoding="utf-8") as file:
            line = file.read().splitlines()[1]
        self.assertNotIn(line, whole + json.dumps(found))

    def test_rotate_only_if_due(self):
        self.spec["certificates"] = {"proxyClient": {"validity": "30d"}}
        self.run_it("init")
        found = self.run_it("rotate", if_due=True)
        self.assertEqual((found["changed"], found["failed"]), (False, False))
        self.assertRegex(found["msg"], "^nothing is due; next: the proxy client certificate of cp1, from 20")
        self.spec["certificates"] = {"proxyClient": {"validity": "1y"}}
        due = {"if_due": True, "renew_before": "60d"}
        self.assertTrue(self.run_it("rotate", check_mode=True, **due)["changed"])
        found = self.run_it("rotate", **due)
        self.assertEqual((found["changed"], found["msg"]), (True, "2 certificates issued, 4 files written, 0 restarts"))
        self.assertFalse(self.run_it("rotate", **due)["changed"])

    def test_a_failed_proof_names_it(self):
        self.run_it("init")
        os.chmod(self.key("cp2"), 0o644)
        found = self.run_it("verify")
        self.assertEqual((found["changed"], found["failed"], found["rc"]), (False, True, 4))
        self.assertIn("cp2: files: ", found["msg"])
        self.assertNotIn("cp1", found["msg"])
        self.assertIn("cp1: ca-separation: ", self.run_it("verify", require_proof=True)["msg"])

    def test_proofs_are_counted(self):
        self.run_it("init")
        self.assertEqual(self.run_it("verify")["msg"], "12 of 14 proofs hold, 2 could not be made")

    def test_a_bad_spec_is_listed_at_its_places(self):
        self.spec["nodes"][1] = {"name": "cp_2", "adress": "192.0.2.2"}
        found = self.run_it("init")
        self.assertEqual((found["changed"], found["failed"], found["rc"], found["code"]), (False, True, 65, "spec/invalid"))
        self.assertIn("nodes[1].name: ", found["msg"])
        self.assertIn("spec/name", [problem["code"] for problem in found["problems"]])

    def test_an_error_has_code_and_hint(self):
        found = self.run_it("init", limit=["cp9"])
        self.assertEqual((found["changed"], found["rc"], found["code"]), (False, 64, "usage/unknown-node"))
        self.assertEqual(found["hint"], "the nodes are cp1, cp2")
        self.assertIn("hint: the nodes are cp1, cp2", found["msg"])

    def test_a_refused_plan_is_no_change(self):
        self.spec["apiServer"] = {"flagsIn": "environmentFile", "environmentFile": {"path": "/etc/env", "variable": "ARGS"}}
        for check_mode in (True, False):
            found = self.run_it("init", check_mode=check_mode)
            self.assertEqual((found["changed"], found["failed"], found["rc"]), (False, True, 1), found)
            self.assertTrue(found["document"]["refusals"])

    def test_status_warns(self):
        self.run_it("init")
        self.assertEqual(self.run_it("status")["failed"], False)
        found = self.run_it("status", warn_before="3600d")
        self.assertEqual((found["changed"], found["failed"], found["rc"]), (False, True, 4))
        self.assertEqual(found["document"]["cluster"], "c")


class VersionTests(unittest.TestCase):
    def test_the_collection_has_the_programs_version(self):
        galaxy = os.path.join(__file__.split("/tests/unit/", maxsplit=1)[0], "galaxy.yml")
        version = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        with open(galaxy, encoding="utf-8") as file:
            self.assertIn(f"\nversion: {version}\n", file.read())


class UnreadTests(unittest.TestCase):
    """What no real program is made to say here."""

    def test_a_killed_run_may_have_changed_something(self):
        self.assertTrue(result("init", False, -9, "", "cp1: changing")["changed"])
        self.assertFalse(result("init", True, -9, "", "")["changed"])
        self.assertFalse(result("verify", False, -9, "", "")["changed"])

    def test_another_program_is_named(self):
        found = result("init", False, 127, "usage: what", "no such thing\n")
        self.assertEqual((found["changed"], found["failed"]), (False, True))
        self.assertIn("ended with status 127 and wrote no JSON: no such thing", found["msg"])

    def test_some_nodes_new_some_old(self):
        error = {"code": "apiserver/did-not-come-back", "message": "cp2: m", "hint": "h", "details": [], "problems": [], "exitStatus": 3}
        nodes = [{"name": "cp1", "result": "changed"}, {"name": "cp2", "result": "failed", "error": {"isAsBefore": True}}]
        changes = {"filesWritten": 4, "restarts": 1}
        found = result("init", False, 3, json.dumps({"changes": changes, "nodes": nodes, "error": error}), "")
        self.assertTrue(found["changed"] and found["failed"])
        self.assertIn("exit status 3: some nodes are new, some old", found["msg"])

    def test_a_node_that_could_not_be_restored_is_changed(self):
        error = {"code": "apply/not-restored", "message": "m", "details": [], "problems": [], "exitStatus": 3}
        nodes = [{"name": "cp1", "result": "failed", "error": {"isAsBefore": False}}]
        document = {"changes": {"filesWritten": 0}, "nodes": nodes, "error": error}
        self.assertTrue(result("init", False, 3, json.dumps(document), "")["changed"])

    def test_a_rotation_that_stopped(self):
        error = {"code": "rotation/laggard", "message": "m", "hint": "h", "details": [], "problems": [], "exitStatus": 4}
        self.assertTrue(result("rotate", False, 4, json.dumps({"error": error}), "")["changed"])
        self.assertFalse(result("rotate", False, 1, json.dumps({"error": error}), "")["changed"])
        self.assertFalse(result("rotate", True, 1, json.dumps({"error": error}), "")["changed"])

    def test_rotations_of_the_ca(self):
        for word, changed in (("replaced", True), ("called-off", True), ("none", False)):
            found = result("rotate", False, 0, json.dumps({"result": word, "stages": [], "nodes": []}), "")
            self.assertEqual(found["changed"], changed, word)
        document = {"result": "planned", "stages": ["S1 new CA"], "nodes": []}
        found = result("rotate", True, 0, json.dumps(document), "")
        self.assertTrue(found["changed"])
        self.assertEqual(differences(document), [{"prepared": "S1 new CA\n"}])


if __name__ == "__main__":
    unittest.main()
