# SPDX-License-Identifier: Apache-2.0
"""The verifiers: each is a program of others, asked whether a leaf is good for a TLS client under a CA.

A verifier has a name, a version and judge(ca, leaf), which answers what it complains of, in its own words: an empty
list accepts. Whatever is neither an acceptance nor a rejection raises NotJudged.
"""

import contextlib
import importlib.metadata
import io
import json
import re
import subprocess
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.x509 import verification
from pkilint.bin import lint_pkix_cert, lint_pkix_signer_signee_cert_chain


class NotJudged(Exception):
    pass


def run(*command):
    """Exit status and output of a program; nothing is read from standard input."""
    done = subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=60)
    return done.returncode, done.stdout


def debian_version(package):
    status, version = run("dpkg-query", "-W", "-f", "${Version}", package)
    if status != 0:
        raise NotJudged(f"{package} is not installed: {version}")
    return version


class Program:
    """A program whose output says what it found: `good` where it accepts, `bad` where it rejects."""

    def command(self, ca, leaf):
        raise NotImplementedError

    def judge(self, ca, leaf):
        command = self.command(ca, leaf)
        status, output = run(*command)
        complaints = [" ".join(found.split()) for found in re.findall(self.bad, output, re.MULTILINE)]
        if status == 0 and not complaints and re.search(self.good, output, re.MULTILINE):
            return []
        if status == self.rejected and complaints:
            return complaints
        raise NotJudged(f"{' '.join(map(str, command))}: exit status {status}\n{output}")


class OpenSSL(Program):
    name = "OpenSSL"
    shows = "`openssl verify -x509_strict -purpose sslclient`"
    good, bad, rejected = r": OK$", r"^error \d+ at \d+ depth lookup: (.*)$", 2

    def version(self):
        return f"{debian_version('openssl')} (Debian)"

    def command(self, ca, leaf):
        return "openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", ca, leaf


class GnuTLS(Program):
    name = "GnuTLS"
    shows = "`certtool --verify --verify-profile medium --verify-purpose` for clients"
    good = r"^Chain verification output: Verified\. The certificate is trusted\. *$"
    bad, rejected = r"^Chain verification output: Not verified\. The certificate is NOT trusted\. (.*)$", 1

    def version(self):
        return f"{debian_version('gnutls-bin')} (Debian)"

    def command(self, ca, leaf):
        return ("certtool", "--verify", "--verify-profile", "medium", "--verify-purpose", "1.3.6.1.5.5.7.3.2",
                "--load-ca-certificate", ca, "--infile", leaf)


class NSS(Program):
    name = "NSS"
    shows = "`vfychain -u 0` (TLS client), the CA trusted with `certutil -A -t CT,C,C`"
    good, bad, rejected = r"^Chain is good!$", r"^ *ERROR (-\d+: .*)$", 1

    def version(self):
        return f"{debian_version('libnss3-tools')} (Debian)"

    def judge(self, ca, leaf):
        with tempfile.TemporaryDirectory() as database:
            self.database = database
            status, output = run("certutil", "-N", "-d", database, "--empty-password")
            if status != 0:
                raise NotJudged(output)
            status, output = run("certutil", "-A", "-d", database, "-n", "ca", "-t", "CT,C,C", "-i", ca)
            if status != 0:
                return [output.strip()]
            return super().judge(ca, leaf)

    def command(self, ca, leaf):
        return "vfychain", "-d", self.database, "-u", "0", "-a", leaf


class Cryptography:
    name = "cryptography"
    shows = "`PolicyBuilder().store(...).build_client_verifier()` of the Python package"

    def version(self):
        return importlib.metadata.version("cryptography")

    def policy(self):
        return verification.PolicyBuilder()

    def judge(self, ca, leaf):
        store = verification.Store([x509.load_pem_x509_certificate(ca.read_bytes())])
        verifier = self.policy().store(store).build_client_verifier()
        try:
            chain = verifier.verify(x509.load_pem_x509_certificate(leaf.read_bytes()), []).chain
        except verification.VerificationError as problem:
            # Without the certificate that it prints behind the reason.
            return [re.sub(r" \(encountered processing .*\)$", "", str(problem))]
        if len(chain) != 2:
            raise NotJudged(f"cryptography: a chain of {len(chain)}")
        return []


class CryptographyWithoutNames(Cryptography):
    name = "cryptography, no SAN"
    shows = "the same with an `ExtensionPolicy` under which a leaf may have no subject alternative name"

    def policy(self):
        leaf = verification.ExtensionPolicy.webpki_defaults_ee().may_be_present(
            x509.SubjectAlternativeName, verification.Criticality.AGNOSTIC, None)
        return verification.PolicyBuilder().extension_policies(
            ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(), ee_policy=leaf)


class Go(Program):
    name = "Go"
    shows = "`crypto/x509`, `Verify` with `ExtKeyUsageClientAuth`"
    good, bad, rejected = r"^accepted$", r"^(x509: .*)$", 1

    def __init__(self, program):
        self.program = program

    def version(self):
        return run(self.program, "--version")[1].strip().removeprefix("go")

    def command(self, ca, leaf):
        return self.program, ca, leaf


class SwiftCertificates(Program):
    name = "swift-certificates"
    shows = "`Verifier { RFC5280Policy() }`"
    good, bad, rejected = r"^accepted$", r"^rejected: (.*)$", 1

    def __init__(self, program, version):
        self.program, self.release = program, version

    def version(self):
        return self.release

    def command(self, ca, leaf):
        return self.program, ca, leaf


class Pkilint:
    name = "pkilint"
    shows = "`lint_pkix_cert` on the leaf and on the CA, `lint_pkix_signer_signee_cert_chain` on both, from WARNING up"

    def version(self):
        return importlib.metadata.version("pkilint")

    def judge(self, ca, leaf):
        lint, chain = lint_pkix_cert.main, lint_pkix_signer_signee_cert_chain.main
        return [
            *self.findings("leaf", lint, leaf), *self.findings("CA", lint, ca), *self.findings("chain", chain, ca, leaf)]

    def findings(self, subject, main, *files):
        said, complaints = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complaints):
            status = main(["lint", "-s", "WARNING", "-f", "JSON", *map(str, files)])
        try:
            results = json.loads(said.getvalue())["results"]
        except ValueError:
            raise NotJudged(f"pkilint: {said.getvalue()}{complaints.getvalue()}")
        found = [finding for result in results for finding in result["finding_descriptions"]]
        if status != len(found):
            raise NotJudged(f"pkilint: exit status {status} with {len(found)} findings")
        return sorted(
            f"{subject}: {one['severity']} {one['code']}" + (f": {one['message']}" if one["message"] else "")
            for one in found)
