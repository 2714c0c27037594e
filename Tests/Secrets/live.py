# SPDX-License-Identifier: Apache-2.0
"""A control plane that runs: one CA, made by hand, that adopt takes over, and changes that write keys to the node; on this
machine, and over ssh to it."""

import os
import shutil
import signal
import subprocess
import sys

import forms
import traced

HERE = os.path.dirname(os.path.abspath(__file__))
PORT, SSH_PORT = 6443, 2222


def live(watch):
    node = Node(watch, "kestrel-Havana.3390-pewter-Nimbus")
    try:
        adopted = ("spec", "adopt", "--cluster", "demo", "--state", "state", "--output", "c.json", "--passphrase-file", "pp")
        watch.agg("adopt, the key of another CA", *adopted, "--ca-key", "pki/ca.key", statuses=(1,), expecting="adopt/ca-")
        os.chmod(watch.at("ca.key"), 0o640)
        watch.agg("adopt, a key that others can read", *adopted, "--ca-key", "ca.key", statuses=(1,), expecting="not-private")
        os.chmod(watch.at("ca.key"), 0o600)
        watch.agg("adopt, a file that holds more than a key", *adopted, "--ca-key", "both.pem", statuses=(1,))
        watch.agg("adopt", *adopted, "--ca-key", "ca.key")
        changes(watch, node)
    finally:
        node.end()


def over_ssh(watch):
    node = Node(watch, "marzipan-Turin.8862-sluice-Orchid")
    try:
        node.start_sshd()
        watch.agg("adopt over ssh", "spec", "adopt", "--ssh", "root@127.0.0.1", "--ssh-config", "ssh_config", "--cluster", "demo",
                  "--state", "state", "--output", "c.json", "--passphrase-file", "pp", "--ca-key", "ca.key")
        changes(watch, node, passing=("leaf",))
    finally:
        node.end()
    if watch.way == "calls":
        watch.look_at_calls("what runs on the node", watch.at("seen", "sshd.calls"), {"leaf"})


def changes(watch, node, passing=()):
    """The API server proves little, so a proof fails; the files are written all the same."""
    more = {"statuses": (0, 4), "passing": passing}
    key = watch.at("pki", "front-proxy-client.key")
    before = traced.read(key)
    watch.agg("status", "status", "--spec", "c.json", "--html", "page.html", **more)
    watch.agg("init", "init", "--spec", "c.json", "--yes", "--passphrase-file", "pp", "--verbose", expecting="2 files written", **more)
    assert traced.read(key) != before, "init has not written the key"
    watch.agg("rotate", "rotate", "--spec", "c.json", "--yes", "--passphrase-file", "pp", "--no-canary", "--reload-wait", "1",
              expecting="2 files written", **more)
    rotated = traced.read(key)
    watch.agg("rotate --ca, shown", "rotate", "--ca", "--spec", "c.json", "--dry-run", "--passphrase-file", "pp",
              "--accept-unseen-extensions", statuses=(0, 1, 4), passing=passing)
    watch.agg("status in JSON", "status", "--spec", "c.json", "-o", "json", **more)
    watch.agg("verify", "verify", "--spec", "c.json", "--verbose", **more)
    watch.agg("rollback, shown", "rollback", "--spec", "c.json", "--dry-run", "-o", "json", **more)
    watch.agg("rollback", "rollback", "--spec", "c.json", "--yes", "--verbose", expecting="2 files written", **more)
    assert traced.read(key) not in (before, rotated), "rollback has not restored the key"
    # Somebody puts the key beside its certificate.
    certificate = watch.at("pki", "front-proxy-client.crt")
    watch.plant("pki/front-proxy-client.crt")
    with open(certificate, "ab") as file:
        file.write(traced.read(key))
    for command, options in (("status", ()), ("plan", ("-o", "json")), ("verify", ()), ("init", ("--yes", "--passphrase-file", "pp"))):
        watch.agg(f"{command}, the key beside the certificate", command, "--spec", "c.json", *options, passing=passing,
                  statuses=(0, 1, 4))
    # What was there is kept for a rollback: the key too.
    store = "/var/lib/aggbootstrap-node"
    watch.agg("rollback to a certificate with a key, shown", "rollback", "--spec", "c.json", "--dry-run", passing=passing,
              statuses=(0, 1, 4))
    for folder, _, names in os.walk(store):
        for name in names:
            path = os.path.join(folder, name)
            mode = os.stat(path).st_mode & 0o777
            watch.report("the files that the node keeps", f"{path} with mode {mode:04o}", traced.read(path),
                         but=lambda secret: watch.kind(secret) == "leaf" and os.stat(store).st_mode & 0o077 == 0)
    assert os.path.isdir(store), "the node keeps nothing"


class Node:
    """A control plane with a CA and a certificate made by hand, and a process that looks like its kube-apiserver."""

    def __init__(self, watch, passphrase):
        self.watch, self.started = watch, []
        for place in ("/var/lib/aggbootstrap-node", "/run/aggbootstrap-node"):
            shutil.rmtree(place, ignore_errors=True)
        watch.passphrase("pp", passphrase)
        watch.sealed.add(watch.at("state"))
        self.certificates()
        watch.learn_all()
        self.start_server()

    def certificates(self):
        write = self.watch.write
        key = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        authority = write("ca.key", forms.openssl(*key))
        client = write("pki/front-proxy-client.key", forms.openssl(*key))
        other = write("pki/ca.key", forms.openssl(*key))
        server = forms.openssl(*key)
        signs = ("-x509", "-days", "3000", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        ca = write("pki/front-proxy-ca.crt", forms.openssl("req", *signs, "-key", authority, "-subj", "/CN=front-proxy-ca"), 0o644, False)
        write("pki/ca.crt", forms.openssl("req", *signs, "-key", other, "-subj", "/CN=kubernetes"), 0o644, False)
        write("both.pem", traced.read(ca) + traced.read(authority))
        extensions = write("ext", "extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\n",
                           planted=False)
        request = write("csr", forms.openssl("req", "-new", "-key", client, "-subj", "/CN=front-proxy-client"), planted=False)
        write("pki/front-proxy-client.crt", forms.openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", authority, "-days", "365",
                                                          "-extfile", extensions), 0o644, False)
        write("pki/apiserver.key", server)
        write("pki/apiserver.crt", forms.openssl("req", "-x509", "-days", "300", "-key", self.watch.at("pki/apiserver.key"), "-subj",
                                                 "/CN=kube-apiserver", "-addext", "subjectAltName=IP:127.0.0.1"), 0o644, False)

    def start_server(self):
        pki = self.watch.at("pki")
        self.watch.write("command-line", "\n".join([
            "kube-apiserver", f"--secure-port={PORT}", f"--client-ca-file={pki}/ca.crt", f"--tls-cert-file={pki}/apiserver.crt",
            f"--tls-private-key-file={pki}/apiserver.key", f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client", "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={pki}/front-proxy-client.crt", f"--proxy-client-key-file={pki}/front-proxy-client.key"]),
            planted=False)
        server = self.start(sys.executable, os.path.join(HERE, "server.py"), self.watch.at("command-line"), f"{pki}/apiserver.crt",
                            f"{pki}/apiserver.key", str(PORT), "x" * 1000)
        traced.until(lambda: traced.read(f"/proc/{server.pid}/cmdline").startswith(b"kube-apiserver\0"), "the API server starts")

    def start(self, *command, **options):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
        self.started.append(process)
        return process

    def start_sshd(self):
        """As it is on a control plane, with keys of its own; of Debian, installed or unpacked."""
        watch = self.watch
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ["HOME"], ".cache")
        places = ["/usr/sbin/sshd", f"{cache}/aggbootstrap-lab/openssh-server/usr/sbin/sshd"]
        sshd = next(place for place in places if os.access(place, os.X_OK))
        for name in ("id", "host"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", watch.at(name)], check=True)
        watch.write("sshd_config", f"Port {SSH_PORT}\nListenAddress 127.0.0.1\nHostKey {watch.at('host')}\nPidFile none\nUsePAM no\n"
                    f"AuthorizedKeysFile {watch.at('id.pub')}\nStrictModes no\nPermitRootLogin yes\n", planted=False)
        watch.write("ssh_config", f"Port {SSH_PORT}\nIdentityFile {watch.at('id')}\nIdentitiesOnly yes\nUserKnownHostsFile "
                    f"{watch.at('known_hosts')}\nGlobalKnownHostsFile /dev/null\n", planted=False)
        watch.write("known_hosts", f"[127.0.0.1]:{SSH_PORT} " + traced.read(watch.at("host.pub")).decode(), planted=False)
        os.makedirs("/run/sshd", exist_ok=True)
        with open("/etc/passwd") as file:
            users = file.read()
        if "\nsshd:" not in users:
            # A machine without the package has no such user; here it has one.
            passwd = watch.write("passwd", users + "sshd:x:65500:65534::/run/sshd:/usr/sbin/nologin\n", 0o644, False)
            subprocess.run(["mount", "--bind", passwd, "/etc/passwd"], check=True)
        command = [sshd, "-D", "-e", "-f", watch.at("sshd_config")]
        if watch.way == "calls":
            # What the node's programs get as arguments and in their environment; what they are sent belongs to them.
            command = ["strace", "-f", "-o", watch.at("seen", "sshd.calls"), "-v", "-xx", "-s", "10000000", "-e", "trace=execve",
                       "-e", "signal=none", *command]
        with open(watch.at("seen", "sshd.log"), "wb") as log:
            self.start(*command, stderr=log)
        traced.until(lambda: b"listening" in traced.read(watch.at("seen", "sshd.log")), "sshd starts")

    def end(self):
        for process in self.started:
            # strace(1) waits for the end of what it has started.
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.started:
            process.wait(20)
