# SPDX-License-Identifier: Apache-2.0
"""What is expected: every verifier accepts every certificate but for the exceptions here, each in its own words."""

from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Exception_:
    """A complaint that is known: whose, about which key types and profiles, its exact words, and why."""

    verifiers: tuple
    applies: Callable
    says: str
    because: str


def no_names(keys, profile):
    return profile in ("default", "kubeadm")


def is_ed25519(keys, profile):
    return keys.uses("ed25519")


def is_imported(keys, profile):
    return profile == "cfssl"


def control(stranger, damaged, ended, server_only):
    return {
        "the leaf of another CA": stranger, "a damaged signature": damaged, "a leaf past its end": ended,
        "a leaf for servers only": server_only}


CRYPTOGRAPHY = control(
    "candidates exhausted", "signature does not match", "not valid at validation time", "required EKU not found")


def exceptions(verifier, keys, profile):
    """The complaints of a verifier about a row. All but pkilint stop at the first."""
    found = [one for one in EXCEPTIONS if verifier in one.verifiers and one.applies(keys, profile)]
    return found if verifier == "pkilint" else found[:1]


EXCEPTIONS = [
    Exception_(
        ("NSS",), is_ed25519,
        "certutil: could not add certificate to token or database: SEC_ERROR_ADDING_CERT: "
        "Error adding certificate to database.",
        "NSS 3.87 of Debian 12 does not support Ed25519"),
    Exception_(
        ("cryptography",), no_names,
        "validation failed: invalid extension: 2.5.29.17: Certificate is missing required extension",
        "its policy is for public web servers, whose certificates have subject alternative names; the column beside it "
        "allows certificates without them"),
    Exception_(
        ("cryptography", "cryptography, no SAN"), is_ed25519,
        "validation failed: candidates exhausted: Forbidden public key algorithm: AlgorithmIdentifier { "
        "oid: DefinedByMarker(PhantomData<asn1::object_identifier::ObjectIdentifier>), params: Ed25519 }",
        "the same policy allows RSA and ECDSA keys only"),
    Exception_(
        ("pkilint",), is_imported,
        'leaf: ERROR pkix.invalid_domain_name_syntax: Invalid domain name syntax: "kubernetes"',
        "the host `kubernetes` of a cfssl set-up has a single label"),
    Exception_(
        ("pkilint",), lambda keys, profile: is_imported(keys, profile) and keys.leaf.algorithm == "ecdsa",
        "leaf: ERROR pkix.key_usage_value_prohibited_for_ec: Prohibited key usage value(s) present: keyEncipherment",
        "the spec asks for `key encipherment`, as a cfssl set-up does, and an ECDSA key cannot be used for that (RFC 8813); "
        "cfssl issues the same"),
    Exception_(
        ("pkilint",), lambda keys, profile: is_imported(keys, profile) and keys.leaf.algorithm == "ed25519",
        "leaf: ERROR pkix.key_usage_value_prohibited_for_edwards_curve: Prohibited key usage value(s) present: "
        "keyEncipherment",
        "the same for an Ed25519 key (RFC 9295)"),
]

# By verifier and negative control, words of its complaint; None where it does not judge that.
CONTROLS = {
    "OpenSSL": control(
        "unable to get local issuer certificate", "certificate signature failure", "certificate has expired",
        "unsuitable certificate purpose"),
    "GnuTLS": control(
        "issuer is unknown", "signature in the certificate is invalid", "uses expired certificate",
        "does not match the intended purpose"),
    "NSS": control(
        "-8179: Peer's Certificate issuer is not recognized", "-8182: Peer's certificate has an invalid signature",
        "-8181: Peer's Certificate has expired", "-8101: Certificate type not approved"),
    "cryptography": CRYPTOGRAPHY,
    "cryptography, no SAN": CRYPTOGRAPHY,
    "Go": control(
        "signed by unknown authority", "verification ", "has expired or is not yet valid", "incompatible key usage"),
    "swift-certificates": control("no chain to the CA", "no chain to the CA", "has expired", None),
    "pkilint": control("pkix.signature_verification_failed", "pkix.signature_verification_failed", None, None),
}
