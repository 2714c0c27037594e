# SPDX-License-Identifier: Apache-2.0
"""The arguments that the program gets."""

from __future__ import annotations

import unittest

from ansible_collections.aggbootstrap.kubernetes.plugins.module_utils.command_line import arguments, misplaced


class ArgumentsTests(unittest.TestCase):
    def test_a_change_is_not_asked_about(self):
        params = {"command": "init", "state_directory": "/s", "limit": ["cp1", "cp2"], "require_proof": True, "ca": False}
        self.assertEqual(
            arguments(params, "/c.json", False),
            ["init", "--spec=/c.json", "-o", "json", "--color=never", "--yes", "--state=/s", "--limit=cp1", "--limit=cp2", "--require-proof"],
        )

    def test_check_mode_is_a_dry_run(self):
        for command in ("init", "rotate"):
            made = arguments({"command": command}, "c", True)
            self.assertIn("--dry-run", made)
            self.assertNotIn("--yes", made)
        for command in ("verify", "status"):
            self.assertNotIn("--dry-run", arguments({"command": command}, "c", True))

    def test_check_mode_runs_no_canary(self):
        params = {"command": "verify", "canary": True, "canary_address": "192.0.2.9"}
        self.assertIn("--canary", arguments(params, "c", False))
        self.assertNotIn("--canary", " ".join(arguments(params, "c", True)))

    def test_zero_is_given(self):
        self.assertIn("--soak=0", arguments({"command": "rotate", "ca": True, "soak": 0}, "c", False))

    def test_an_option_of_another_command_is_refused(self):
        self.assertIn("if_due", misplaced({"command": "init", "if_due": True}))
        self.assertIn("rotate only", misplaced({"command": "verify", "compromised": "ca"}))
        self.assertIsNone(misplaced({"command": "init", "if_due": False, "ca": False, "compromised": None}))

    def test_a_setting_is_left_out_where_it_has_no_use(self):
        params = {"command": "verify", "passphrase_file": "/p", "accept_laggard": ["a/b"], "soak": 0, "require_proof": True}
        self.assertIsNone(misplaced(params))
        self.assertEqual(arguments(params, "c", False)[5:], ["--require-proof"])
        params = {"command": "rotate", "soak": 0, "reload_wait": 3}
        self.assertEqual(arguments(params, "c", False)[6:], ["--reload-wait=3"])
        for deed in ("ca", "if_due", "abort"):
            self.assertIn("--soak=0", arguments({**params, deed: True}, "c", False))


if __name__ == "__main__":
    unittest.main()
