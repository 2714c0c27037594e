# SPDX-License-Identifier: Apache-2.0
"""The offline runs that faults are injected into. `@` in an argument is the directory of the case."""
import json
import os
from dataclasses import dataclass, field

UNIT = """[Unit]
Description=Kubernetes API Server
[Service]
ExecStart=/usr/local/bin/kube-apiserver --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 --authorization-mode=Node,RBAC
Restart=on-failure
[Install]
WantedBy=multi-user.target
"""
READING_UNIT = UNIT.replace("[Service]\n", "[Service]\nEnvironmentFile=/etc/kubernetes/apiserver.env\n").replace(
    "--secure-port", "$AGGREGATION_FLAGS --secure-port")
COMMON = ["--spec", "@/spec.json", "--root", "@/out", "--state", "@/state", "--base-unit", "@/kube-apiserver.service"]
PASSPHRASE = "correct horse battery staple\n"
P384 = {"proxyClient": {"key": {"algorithm": "ecdsa", "size": 384}}}


def spec(nodes=1, **members):
    return json.dumps({
        "apiVersion": "aggbootstrap/v1", "cluster": "faults", **members,
        "nodes": [{"name": f"cp{number}", "address": f"192.0.2.{number}"} for number in range(1, nodes + 1)],
    })


@dataclass
class Scenario:
    name: str
    about: str
    command: list
    spec: str
    # The runs before it, each with its spec: what is there when the fault comes.
    before: list = field(default_factory=list)
    # What makes it good; the first one for every other fault, then the second one.
    healing: list = field(default_factory=list)
    unit: str = UNIT
    files: dict = field(default_factory=dict)
    passphrase: bool = False
    nodes: int = 1
    # How the run ends without a fault, and whether a plan is empty then.
    status: int = 0
    converges: bool = True
    # Whether each call gets each error that it can have; else one, in turn.
    is_full: bool = False
    # Whether a passphrase makes each run take a second: then only what changes something.
    is_slow: bool = False
    keeps_ca_key: bool = True

    def argv(self, program, command, directory):
        arguments = command + COMMON + (["--passphrase-file", "@/passphrase"] if self.passphrase else [])
        if command[0] == "state":
            arguments = [a for a in arguments]
            for option in ("--base-unit",):
                at = arguments.index(option)
                del arguments[at:at + 2]
        return [program] + [argument.replace("@", directory) for argument in arguments]

    def write_inputs(self, directory, spec_text=None):
        for name, text, mode in (
            ("spec.json", spec_text or self.spec, 0o644), ("kube-apiserver.service", self.unit, 0o644),
            ("passphrase", PASSPHRASE, 0o600),
        ):
            path = os.path.join(directory, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            os.chmod(path, mode)


INIT, ROTATE = ["init"], ["rotate"]
ALL = [
    Scenario("init", "the first init", INIT, spec(), healing=[INIT], is_full=True),
    Scenario(
        "init-change", "init after the spec has another key size and another flag", INIT,
        spec(certificates=P384, apiServer={"aggregatorRouting": True}), before=[(INIT, spec())], healing=[INIT], is_full=True),
    Scenario("rotate", "a new certificate and key", ROTATE, spec(), before=[(INIT, spec())], healing=[ROTATE, INIT], is_full=True),
    Scenario(
        "three-nodes", "the first init of three control planes", INIT, spec(3), healing=[INIT], nodes=3),
    Scenario(
        "environment-file", "init with the flags in an environment file", INIT,
        spec(apiServer={"flagsIn": "environmentFile",
                        "environmentFile": {"path": "/etc/kubernetes/apiserver.env", "variable": "AGGREGATION_FLAGS"}}),
        healing=[INIT], unit=READING_UNIT, files={"out/cp1/etc/kubernetes/apiserver.env": "# by hand\nOTHER=1\n"}),
    Scenario(
        "burnt-ca", "init with a CA whose key is not kept", INIT, spec(certificates={"ca": {"keep": False}}),
        healing=[INIT], keeps_ca_key=False),
    Scenario(
        "passphrase", "rotate with encrypted keys in the state directory", ROTATE, spec(), before=[(INIT, spec())],
        healing=[ROTATE, INIT], passphrase=True, is_slow=True),
    Scenario(
        "export", "state export over an earlier export", ["state", "export", "@/exported/state.age"], spec(),
        before=[(INIT, spec()), (["state", "export", "@/exported/state.age"], spec())],
        healing=[["state", "export", "@/exported/state.age"]], passphrase=True, is_slow=True),
    Scenario(
        "import", "state import on another machine", ["state", "import", "@/exported/state.age"], spec(),
        before=[(INIT, spec()), (["state", "export", "@/exported/state.age"], spec())],
        healing=[["state", "import", "@/exported/state.age"]], passphrase=True, is_slow=True),
]
