# SPDX-License-Identifier: Apache-2.0
"""Has every verifier judge every certificate, compares with what is expected, and writes docs/reference/verifiers.md.

Usage: matrix.py AGGBOOTSTRAP VERIFY-GO VERIFY-SWIFT SWIFT-CERTIFICATES-VERSION PAGE
Exit status 1 where a cell is not what is expected, and with CI=true where the page is not what was measured.
"""

import os
import sys
import tempfile
from pathlib import Path

import expected
import page
import pairs
import verifiers


def judged(verifier, pair):
    try:
        return verifier.judge(pair.ca, pair.leaf)
    except verifiers.NotJudged as problem:
        return [f"NOT JUDGED: {problem}"]


def measure_rows(program, directory, columns):
    """What each verifier complains of, by key type, profile and verifier; and where it is not what is expected."""
    measured, wrong = {}, []
    for keys in pairs.KEY_TYPES:
        for name, profile in pairs.PROFILES.items():
            pair = pairs.make(program, directory / keys.label / name, profile, keys)
            for verifier in columns:
                said = judged(verifier, pair)
                want = [one.says for one in expected.exceptions(verifier.name, keys, name)]
                measured[keys, name, verifier.name] = said
                if sorted(said) != sorted(want):
                    wrong.append(f"{keys.label}, {name}, {verifier.name}: expected {want}, got {said}")
    return measured, wrong


def measure_controls(program, directory, columns):
    """Where a verifier does not reject what it has to, for the reason that it has to."""
    wrong = []
    for keys in pairs.KEY_TYPES:
        good, bad = pairs.controls(program, directory / "controls" / keys.label, keys)
        for verifier in columns:
            where = f"control, {keys.label}, {verifier.name}"
            want = [one.says for one in expected.exceptions(verifier.name, keys, "control")]
            said = judged(verifier, good)
            if said != want:
                wrong.append(f"{where}, good pair: expected {want}, got {said}")
            if want:
                continue
            for name, pair in bad.items():
                reason, said = expected.CONTROLS[verifier.name][name], judged(verifier, pair)
                if reason is None and said != []:
                    wrong.append(f"{where}, {name}: expected to be accepted, got {said}")
                if reason is not None and not any(reason in one for one in said):
                    wrong.append(f"{where}, {name}: expected {reason!r}, got {said}")
    return wrong


def main(program, verify_go, verify_swift, swift_certificates, path):
    columns = [
        verifiers.OpenSSL(), verifiers.GnuTLS(), verifiers.NSS(), verifiers.Cryptography(),
        verifiers.CryptographyWithoutNames(), verifiers.Go(verify_go),
        verifiers.SwiftCertificates(verify_swift, swift_certificates), verifiers.Pkilint()]
    with tempfile.TemporaryDirectory() as directory:
        measured, wrong = measure_rows(program, Path(directory), columns)
        wrong += measure_controls(program, Path(directory), columns)
    text = page.text(columns, measured)
    print(page.table(columns, measured))
    for line in wrong:
        print(f"error: {line}", file=sys.stderr)
    if wrong:
        return 1
    count = len(measured)
    print(f"\n{count} cells and the negative controls are what is expected.")
    return page.keep(Path(path), text, in_ci=os.environ.get("CI") == "true")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
