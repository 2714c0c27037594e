# SPDX-License-Identifier: Apache-2.0
"""The rows: key types and profiles, and the certificates that aggbootstrap makes of them."""

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

FAKETIME = ["faketime", "-f", "-2y"]


@dataclass(frozen=True)
class Key:
    """A key of the spec: an algorithm and a size."""

    algorithm: str
    size: int = 0

    @property
    def label(self):
        return {"rsa": f"RSA {self.size}", "ecdsa": f"ECDSA P-{self.size}", "ed25519": "Ed25519"}[self.algorithm]

    @property
    def spec(self):
        return {"algorithm": self.algorithm} | ({"size": self.size} if self.size else {})


RSA_2048, P256 = Key("rsa", 2048), Key("ecdsa", 256)
EVERY_KEY = [
    RSA_2048, Key("rsa", 3072), Key("rsa", 4096), P256, Key("ecdsa", 384), Key("ecdsa", 521), Key("ed25519")]


@dataclass(frozen=True)
class KeyType:
    """The keys of a CA and of its leaf."""

    ca: Key
    leaf: Key

    @property
    def label(self):
        return self.ca.label if self.ca == self.leaf else f"{self.ca.label} CA, {self.leaf.label} leaf"

    def uses(self, algorithm):
        return algorithm in (self.ca.algorithm, self.leaf.algorithm)


KEY_TYPES = [KeyType(key, key) for key in EVERY_KEY] + [KeyType(RSA_2048, P256)]

NAMES = {"C": "CN", "ST": "Shanghai", "L": "Shanghai", "O": "k8s", "OU": "System"}
PROFILES = {
    "default": {},
    "cfssl": {"certificates": {
        "ca": {"commonName": "aggregator", "names": NAMES, "validity": "87600h"},
        "proxyClient": {
            "commonName": "aggregator", "names": NAMES, "validity": "87600h",
            "hosts": [
                "127.0.0.1", "192.168.123.250", "192.168.123.248", "192.168.123.249", "10.254.0.1",
                "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster",
                "kubernetes.default.svc.cluster.local"],
            "usages": ["signing", "key encipherment", "server auth", "client auth"]}}},
    "kubeadm": {
        "certificates": {
            "directory": "/etc/kubernetes/pki",
            "files": {"ca": "front-proxy-ca.crt", "certificate": "front-proxy-client.crt",
                      "key": "front-proxy-client.key"},
            "ca": {"commonName": "front-proxy-ca"}, "proxyClient": {"commonName": "front-proxy-client"}},
        "requestHeader": {"allowedNames": ["front-proxy-client"]}},
}
# What every verifier accepts, so that a rejection is for the one thing that a control changes.
CONTROL = {"certificates": {"proxyClient": {"hosts": ["127.0.0.1", "kubernetes.default.svc"]}}}


@dataclass(frozen=True)
class Pair:
    """A CA file and a leaf file; `state` holds the CA's key."""

    ca: Path
    leaf: Path
    state: Path


def make(program, directory, profile, keys, under=()):
    """Runs `init --root` as an operator would, and finds the files where the spec says that they are."""
    directory.mkdir(parents=True)
    certificates = profile.get("certificates", {})
    parts = {
        "ca": certificates.get("ca", {}) | {"key": keys.ca.spec},
        "proxyClient": certificates.get("proxyClient", {}) | {"key": keys.leaf.spec}}
    spec = profile | {
        "apiVersion": "aggbootstrap/v1", "cluster": "matrix", "nodes": [{"name": "cp1", "local": True}],
        "certificates": certificates | parts}
    file = directory / "spec.json"
    file.write_text(json.dumps(spec, indent=2))
    done = subprocess.run(
        [*under, program, "init", "--spec", file, "--root", directory / "out", "--state", directory / "state"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    if done.returncode != 0:
        raise SystemExit(f"error: init made no {keys.label} certificates, exit status {done.returncode}\n{done.stdout}")
    node = directory / "out/cp1" / certificates.get("directory", "/etc/kubernetes/ssl").lstrip("/")
    files = certificates.get("files", {"ca": "aggregator-ca.pem", "certificate": "aggregator.pem"})
    return Pair(node / files["ca"], node / files["certificate"], directory / "state")


def written(path, der):
    """The PEM file of a certificate that may not parse."""
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = [text[start:start + 64] for start in range(0, len(text), 64)]
    path.write_text("\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]))
    return path


def der(path):
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(serialization.Encoding.DER)


def damaged(pair, path):
    """The leaf with the last bit of its signature turned over."""
    bytes_ = der(pair.leaf)
    return Pair(pair.ca, written(path, bytes_[:-1] + bytes([bytes_[-1] ^ 1])), pair.state)


def server_only(pair, path):
    """The leaf signed anew by the same CA for servers only, which a spec cannot ask for."""
    leaf = x509.load_pem_x509_certificate(pair.leaf.read_bytes())
    (key_file,) = pair.state.glob("ca/*/ca-key.pem")
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    builder = x509.CertificateBuilder(
        leaf.issuer, leaf.subject, leaf.public_key(), leaf.serial_number, leaf.not_valid_before_utc,
        leaf.not_valid_after_utc)
    for extension in leaf.extensions:
        value = extension.value
        if isinstance(value, x509.ExtendedKeyUsage):
            value = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(value, extension.critical)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Pair(pair.ca, written(path, builder.sign(key, digest).public_bytes(serialization.Encoding.DER)), pair.state)


def controls(program, directory, keys):
    """The pair that is accepted, and by name those that differ from it in one thing each."""
    good = make(program, directory / "good", CONTROL, keys)
    stranger = make(program, directory / "stranger", CONTROL, keys)
    return good, {
        "the leaf of another CA": Pair(stranger.ca, good.leaf, good.state),
        "a damaged signature": damaged(good, directory / "damaged.pem"),
        "a leaf past its end": make(program, directory / "ended", CONTROL, keys, under=FAKETIME),
        "a leaf for servers only": server_only(good, directory / "server-only.pem"),
    }
