# SPDX-License-Identifier: Apache-2.0
"""What operators do, and what goes wrong for them, offline; each with secrets of which every one is known."""

import glob
import json
import os
import shutil

import forms
import traced
from live import live, over_ssh

TREE = "cp1/etc/kubernetes/ssl"


def spec(cluster="demo", authority=None, client=None, nodes=("cp1",), **more):
    return json.dumps({
        "apiVersion": "aggbootstrap/v1", "cluster": cluster, "apiServer": {"flags": ["--secure-port=6443"]},
        "certificates": {**({"ca": authority} if authority else {}), **({"proxyClient": client} if client else {})},
        "nodes": [{"name": name, "address": f"{name}.example"} for name in nodes], **more})


def ca_key(watch, state):
    (path,) = glob.glob(watch.at(state, "ca", "*", "ca-key.pem"))
    return path


def with_passphrase(watch):
    """The keys of the state are encrypted; a run that needs none gets no passphrase."""
    watch.passphrase("pp", "harbour.Quill-5519-lantern-Ostrava")
    watch.sealed.add(watch.at("state"))
    watch.write("c.json", spec(nodes=("cp1", "cp2", "cp3")), planted=False)
    options = ("--spec", "c.json", "--root", "out", "--state", "state")
    key = ("--passphrase-file", "pp")
    watch.agg("plan", "plan", *options, *key)
    watch.agg("init", "init", *options, *key, "--verbose", expecting="files written")
    watch.agg("init again, by a variable", "init", *options, "-o", "json", environment={"AGGBOOTSTRAP_PASSPHRASE_FILE": watch.at("pp")})
    os.remove(watch.at("out", TREE, "aggregator-key.pem"))
    watch.agg("plan with something to do", "plan", *options, "-o", "json", expecting="passphrase")
    watch.agg("plan with it and the passphrase", "plan", *options, *key)
    number = os.open(watch.at("pp"), os.O_RDONLY)
    watch.agg("init by a descriptor", "init", *options, "--passphrase-fd", str(number), descriptors=(number,),
              expecting="1 file written")
    os.close(number)
    for kind in ("text", "json", "prometheus"):
        watch.agg(f"status in {kind}", "status", *options, "-o", kind, "--html", f"{kind}.html", "--output", f"{kind}.txt")
        assert os.path.getsize(watch.at(f"{kind}.html")) > 1000
    watch.agg("verify", "verify", *options, "-o", "json")
    watch.agg("rotate", "rotate", *options, *key, "--yes", "--verbose", expecting="certificate")
    watch.agg("rotate again", "rotate", *options, *key, "--yes", "-o", "json")
    watch.agg("rotate what is due", "rotate", "--if-due", *options, *key)
    watch.agg("state show", "state", "show", *options, "-o", "json")
    for kind in ("text", "json", "junit", "sarif", "github", "gitlab"):
        watch.agg(f"verify offline in {kind}", "verify", "--offline", "out", "-o", kind, statuses=(0, 4))


def without_passphrase(watch):
    """The keys of the state are plain, of each algorithm."""
    for number, key in enumerate(({"algorithm": "ecdsa", "size": 256}, {"algorithm": "ecdsa", "size": 521},
                                  {"algorithm": "ed25519"}, {"algorithm": "rsa", "size": 2048})):
        name, out = f"c{number}.json", f"out{number}"
        watch.write(name, spec(authority={"key": key}, client={"key": key}), planted=False)
        watch.agg(f"init {key}", "init", "--spec", name, "--root", out, expecting="2 certificates issued")
        watch.agg(f"rotate {key}", "rotate", "--spec", name, "--root", out, "--yes", "-o", "json")
        watch.agg(f"verify {key}", "verify", "--spec", name, "--root", out)
    # A passphrase that comes later: the plain keys are read, and replaced.
    watch.passphrase("pp", "cobalt-Lisbon.7731-meadow-Thistle")
    watch.agg("init encrypts", "init", "--spec", "c0.json", "--root", "out0", "--passphrase-file", "pp", expecting="encrypted")
    watch.write("c9.json", spec(authority={"keep": False}), planted=False)
    watch.agg("init keeps no CA key", "init", "--spec", "c9.json", "--root", "out9", expecting="2 certificates issued")


def transfer(watch):
    """Exports and imports; a wrong passphrase, and files that are none."""
    watch.passphrase("pp", "saffron-Tromso.2290-ladder-Vesper")
    watch.passphrase("other", "basalt-Quito.1187-anchor-Willow")
    for state, key in (("sealed", ("--passphrase-file", "pp")), ("plain", ())):
        watch.write(f"{state}.json", spec(), planted=False)
        here = ("--spec", f"{state}.json", "--state", state)
        if key:
            watch.sealed.add(watch.at(state))
            watch.sealed.add(watch.at("imported"))
        watch.agg(f"init {state}", "init", *here, "--root", f"{state}-out", *key)
        watch.agg(f"export {state}", "state", "export", *here, "--passphrase-file", "pp", f"{state}.age")
        number = os.open(watch.at("pp"), os.O_RDONLY)
        watch.agg(f"export {state} to the standard output", "state", "export", *here, "--passphrase-fd", str(number), "-",
                  descriptors=(number,))
        os.close(number)
        there = ("--spec", f"{state}.json", "--state", f"{'imported' if key else 'plainly'}")
        watch.agg(f"import {state}, wrong passphrase", "state", "import", *there, "--passphrase-file", "other", f"{state}.age",
                  statuses=(1,), expecting="archive/wrong-passphrase")
        watch.agg(f"import {state}", "state", "import", *there, "--passphrase-file", "pp", "-", given=watch.at(f"{state}.age"))
        damaged = bytearray(traced.read(watch.at(f"{state}.age")))
        damaged[-200] ^= 1
        watch.write("damaged.age", bytes(damaged), planted=False)
        watch.agg(f"import {state}, damaged", "state", "import", *there[:2], "--state", "nowhere", "--passphrase-file", "pp",
                  "damaged.age", statuses=(1,), expecting="archive/")
    watch.agg("export, wrong passphrase", "state", "export", "--spec", "sealed.json", "--state", "sealed", "--passphrase-file",
              "other", "x.age", statuses=(1,))
    # Keys in an archive that is not encrypted.
    shutil.make_archive(watch.at("open"), "tar", watch.at("plain"))
    watch.plant("open.tar")
    watch.agg("import of a tar archive", "state", "import", "--spec", "plain.json", "--state", "nowhere", "--passphrase-file",
              "pp", "open.tar", statuses=(1,), expecting="archive/not-age")


def judged(watch):
    """verify --offline on trees, archives and files with keys in places where they belong, and where they do not."""
    watch.agg("init", "init", "--root", "out")
    pair = [watch.at("out", TREE, name) for name in ("aggregator.pem", "aggregator-key.pem")]
    both = b"".join(traced.read(name) for name in pair)
    watch.write("both.pem", both)
    shutil.copytree(watch.at("out"), watch.at("mixed"))
    watch.write(f"mixed/{TREE}/aggregator.pem", both)
    watch.write(f"mixed/{TREE}/aggregator-ca.pem", traced.read(watch.at("out", TREE, "aggregator-ca.pem")) +
                traced.read(ca_key(watch, "out/.state")))
    watch.plant(os.path.relpath(ca_key(watch, "mixed/.state"), watch.place))
    for end in ("tar", "gztar", "xztar"):
        watch.plant(os.path.relpath(shutil.make_archive(watch.at("trees"), end, watch.at("mixed")), watch.place))
    for name in ("both.pem", "mixed", "out"):
        watch.agg(f"verify offline {name}", "verify", "--offline", name, "-o", "json", statuses=(0, 4))
    watch.agg("verify offline, files", "verify", "--offline", *pair, "both.pem", statuses=(0, 4))
    watch.agg("verify offline, the CA's key", "verify", "--offline", ca_key(watch, "out/.state"), f"out/{TREE}/aggregator-ca.pem",
              statuses=(0, 4))
    for end in ("tar", "tar.gz", "tar.xz"):
        # What unpacks it hands the keys over.
        watch.agg(f"verify offline {end}", "verify", "--offline", f"trees.{end}", statuses=(4,), passing=("leaf", "authority"),
                  expecting="lint/key-in-certificate-file")
    watch.agg("a request of a file with a key", "verify", "--root", "out", "--as-request", "both.pem", "--header",
              "X-Remote-User: alice", statuses=(0, 4))
    # What a run says of a control plane with such files, and what it makes of them.
    for command, statuses in (("plan", (0, 1)), ("status", (0, 4)), ("verify", (4,)), ("init", (0, 1, 4))):
        more = ("-o", "json") if command != "init" else ("--verbose",)
        watch.agg(f"{command} with keys in certificate files", command, "--root", "mixed", *more, statuses=statuses)


def mistakes(watch):
    """Errors: what they quote, and what they leave behind."""
    text = "umber-Geneva.4408-plank-Zephyr"
    watch.passphrase("pp", text)
    watch.passphrase("other", "tallow-Dakar.6651-ribbon-Yonder")
    watch.write("wide", text + "\n", mode=0o644)
    watch.write("two", text + "\nand another line\n")
    watch.write("long", text * 40 + "\n")
    watch.write("nul", text + "\0\n")
    watch.sealed.add(watch.at("state"))
    here = ("--root", "out", "--state", "state")
    watch.agg("init", "init", *here, "--passphrase-file", "pp")
    os.remove(watch.at("out", TREE, "aggregator-key.pem"))
    for command in ("init", "plan"):
        watch.agg(f"{command}, wrong passphrase", command, *here, "--passphrase-file", "other", "--verbose", statuses=(1,),
                  expecting="pki/wrong-passphrase")
    watch.agg("rotate, wrong passphrase, in JSON", "rotate", *here, "--passphrase-file", "other", "-o", "json", statuses=(1,))
    for name in ("wide", "two", "long", "nul"):
        watch.agg(f"a passphrase's file that is {name}", "init", *here, "--passphrase-file", name, statuses=(64,),
                  expecting="usage/passphrase")
    watch.write("ca.key", forms.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))
    watch.learn_all()
    watch.agg("a key as a passphrase", "init", *here, "--passphrase-file", "ca.key", statuses=(64,), expecting="usage/passphrase")
    watch.agg("a key as a spec", "plan", "--spec", "ca.key", "--root", "none", statuses=(65,))
    watch.agg("a passphrase as a spec", "plan", "--spec", "pp", "--root", "none", statuses=(65,))

    # Keys of a plain state that are not as they were.
    watch.agg("init, plain", "init", "--root", "plain")
    key = ca_key(watch, "plain/.state")
    whole = traced.read(key)
    lines = whole.split(b"\n")
    broken = {
        "without its end": b"\n".join(lines[:-2]), "twice": whole + whole,
        "with a line too long": b"\n".join([lines[0], lines[1] * 2, *lines[2:]]),
        "with a broken line": b"\n".join([lines[0], lines[1], lines[2][:-1] + b"!", *lines[3:]]),
        "without its beginning": b"\n".join(lines[1:]), "with text before it": b"text\n" + whole,
        "with a header": b"\n".join([lines[0], b"Proc-Type: 4,ENCRYPTED", b"", *lines[1:]]),
        "in DER": forms.openssl("pkey", "-outform", "DER", given=whole), "of another": traced.read(watch.at("ca.key")),
    }
    name = os.path.relpath(key, watch.place)
    for how, content in broken.items():
        watch.write(name, content)
        watch.agg(f"the CA's key {how}: plan", "plan", "--root", "plain", statuses=(0, 1))
        watch.agg(f"the CA's key {how}: rotate", "rotate", "--root", "plain", "--verbose", statuses=(1,))
        watch.agg(f"the CA's key {how}: export", "state", "export", "--root", "plain", "--passphrase-file", "pp", "x.age",
                  statuses=(1,))
    watch.write(name, whole)
    os.chmod(key, 0o644)
    watch.agg("the CA's key with mode 0644", "plan", "--root", "plain", statuses=(0, 1))
    watch.agg("the same: init", "init", "--root", "plain", statuses=(0, 1))
    shutil.copy(watch.at("plain", TREE, "aggregator-key.pem"), watch.at("cert.pem"))
    watch.plant("cert.pem")
    watch.agg("a key as a certificate", "verify", "--root", "plain", "--as-request", "cert.pem", statuses=(1, 64))


def elsewhere(watch):
    """Something else signs; a signer that writes the CA's key."""
    key = watch.write("ca.key", forms.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))
    watch.passphrase("pp", "fennel-Bergen.9024-gravel-Xenon")
    watch.learn_all()
    certificate = forms.openssl("req", "-x509", "-key", key, "-subj", "/CN=their CA", "-days", "3000", "-addext",
                                "keyUsage=critical,keyCertSign,cRLSign")
    watch.write("ca.pem", certificate, planted=False)
    watch.write("both.pem", certificate + traced.read(key))
    watch.write("ext", "extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\n"
                "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n", planted=False)
    signing = "openssl x509 -req -CA ca.pem -CAkey ca.key -days 300 -extfile ext 2>/dev/null"
    watch.write("sign", f"#!/bin/sh\ncd '{watch.place}' && {signing}\n", mode=0o755, planted=False)
    watch.write("leaky", f"#!/bin/sh\ncd '{watch.place}' && {signing}; cat ca.key\n", mode=0o755, planted=False)
    watch.sealed |= {watch.at("state"), watch.at("state-leaky")}
    for program, passing in (("sign", ()), ("leaky", ("authority",))):
        watch.write(f"{program}.json", spec(authority={
            "certificate": watch.at("ca.pem"), "signer": {"command": [watch.at(program)]}}), planted=False)
        watch.agg(f"the signer {program}", "init", "--spec", f"{program}.json", "--root", f"out-{program}", "--state",
                  "state" if program == "sign" else "state-leaky", "--passphrase-file", "pp", "--verbose",
                  statuses=(0,) if program == "sign" else (0, 1), passing=passing)
    watch.write("external.json", spec(authority={"certificate": watch.at("ca.pem"), "external": True}), planted=False)
    there = ("--spec", "external.json", "--root", "out-external", "--state", "state-external", "--passphrase-file", "pp")
    watch.sealed.add(watch.at("state-external"))
    watch.agg("signed by people: asked", "init", *there, "--csr-dir", "requests", statuses=(1,), expecting="external/unsigned")
    (request,) = glob.glob(watch.at("requests", "*.csr"))
    answer = forms.openssl("x509", "-req", "-CA", watch.at("ca.pem"), "-CAkey", key, "-days", "300", "-extfile", watch.at("ext"),
                           "-in", request)
    # People who put too much into it.
    watch.write(os.path.relpath(request, watch.place)[:-4] + ".pem", answer + traced.read(key))
    watch.agg("signed by people: with a key", "init", *there, "--csr-dir", "requests", statuses=(0, 1))
    watch.write(os.path.relpath(request, watch.place)[:-4] + ".pem", answer, planted=False)
    watch.agg("signed by people", "init", *there, "--csr-dir", "requests", statuses=(0, 1))
    watch.write("mixed.json", spec(authority={"certificate": watch.at("both.pem"), "external": True}), planted=False)
    watch.agg("a CA's file with its key", "plan", "--spec", "mixed.json", "--root", "out-mixed", statuses=(1,),
              expecting="external/unreadable")


def by_ansible(watch):
    """The module of the collection, as verbose as Ansible is: what it returns, and what it leaves behind."""
    programs = os.environ.get("AGGBOOTSTRAP_ANSIBLE")
    if watch.way == "memory" or not programs:
        return
    watch.passphrase("pp", "turmeric-Cusco.5087-hinge-Raven")
    watch.sealed.add(watch.at("state"))
    collection = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../ansible")
    shutil.copytree(collection, watch.at("tree", "ansible_collections", "aggbootstrap", "kubernetes"))
    environment = {"ANSIBLE_COLLECTIONS_PATH": watch.at("tree"), "ANSIBLE_HOME": watch.at("home"), "ANSIBLE_LOCALHOST_WARNING": "False"}
    own = {"executable": watch.program, "root": watch.at("out"), "state_directory": watch.at("state"),
           "passphrase_file": watch.at("pp"), "definition": json.loads(spec())}
    for command in ("init", "rotate", "status"):
        watch.run(f"Ansible: {command}", f"{programs}/ansible", "localhost", "-vvv", "--diff", "-m",
                  "aggbootstrap.kubernetes.aggregation_layer", "-a", json.dumps({**own, "command": command}), environment=environment,
                  copies=True, expecting="SUCCESS" if command == "status" else "CHANGED")
    own["passphrase_file"] = watch.write("other", "oregano-Malmo.3316-buckle-Tundra\n")
    watch.passphrase("other", "oregano-Malmo.3316-buckle-Tundra")
    watch.run("Ansible: wrong passphrase", f"{programs}/ansible", "localhost", "-vvv", "-m", "aggbootstrap.kubernetes.aggregation_layer",
              "-a", json.dumps({**own, "command": "rotate"}), environment=environment, copies=True, statuses=(2,), expecting="FAILED")


ALL = [with_passphrase, without_passphrase, transfer, judged, mistakes, elsewhere, by_ansible, live, over_ssh]
