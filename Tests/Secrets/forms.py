# SPDX-License-Identifier: Apache-2.0
"""A secret in every form in which it could be left behind, and the search for these forms."""

import base64
import os
import subprocess


def key_numbers(pem):
    """The private numbers of a key in PEM that is not encrypted, as big-endian bytes; read by openssl."""
    der = openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", given=pem)
    parts = elements(element(der, 0)[0])
    algorithm, octets = parts[1][1], parts[2][1]
    if bytes.fromhex("2a864886f70d010101") in algorithm:
        # RSAPrivateKey: version, n, e, d, p, q, d mod p, d mod q, q^-1 mod p.
        return [value.lstrip(b"\0") for _, value in elements(element(octets, 0)[0])[3:9]]
    if bytes.fromhex("2a8648ce3d0201") in algorithm:
        return [elements(element(octets, 0)[0])[1][1]]
    return [element(octets, 0)[0]]


def element(der, place):
    """The content of the DER element at a place, and where the next one begins."""
    size, place = der[place + 1], place + 2
    if size & 0x80:
        count = size & 0x7F
        size, place = int.from_bytes(der[place:place + count], "big"), place + count
    return der[place:place + size], place + size


def elements(der):
    found, place = [], 0
    while place < len(der):
        tag = der[place]
        content, place = element(der, place)
        found.append((tag, content))
    return found


def private_lines(pem):
    """The lines of the PEM text that hold enough of a private number; the others may be those of the public key."""
    lines = [line for line in pem.split(b"\n") if line and not line.startswith(b"-")]
    content, numbers = base64.b64decode(b"".join(lines)), key_numbers(pem)
    spans = [(place, place + len(number)) for number in numbers if (place := content.find(number)) >= 0]
    assert spans
    for index, line in enumerate(lines):
        start, end = 48 * index, 48 * index + len(line) * 3 // 4
        if any(min(end, stop) - max(start, place) >= 12 for place, stop in spans):
            yield line


def openssl(*arguments, given=b"", environment=None):
    return subprocess.run(["openssl", *arguments], input=given, check=True, capture_output=True, env=environment).stdout


def in_base64(value):
    """What base64 of a longer text holds of these bytes, wherever they begin in it."""
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + value)
        # Characters at both ends also hold bits of the neighbours.
        yield text[(4 * shift + 2) // 3:len(text) - 4 if (shift + len(value)) % 3 else len(text)]


class Secret:
    """What must be found nowhere, in all its forms: pairs of a name and the bytes."""

    def __init__(self, name, forms):
        self.name = name
        self.forms = [(form, value) for form, value in dict((value, form) for form, value in forms).items()]
        self.forms = [(name, value) for value, name in self.forms]
        assert all(len(value) >= 8 for _, value in self.forms), self.name

    def __repr__(self):
        return self.name


def passphrase(name, text):
    raw = text.encode()
    forms = [("UTF-8", raw), ("UTF-16", text.encode("utf-16-le")), ("UTF-32", text.encode("utf-32-le")),
             ("hex", raw.hex().encode()), ("HEX", raw.hex().upper().encode())]
    forms += [("base64", value) for value in in_base64(raw)]
    # A half of it says as much as the whole.
    half = len(raw) // 2
    forms += [("first half", raw[:half]), ("second half", raw[half:])]
    return Secret(name, forms)


def private_key(name, pem):
    """A key in PEM. The forms are parts of 16 bytes of its private numbers, so that half a number is found too, and no form
    depends on what stands around it: PKCS#8, PKCS#1, SEC1, a PEM text and a word of a BIGNUM all hold some of them."""
    forms = []
    for number in key_numbers(pem):
        pieces = {number[:16], number[-16:], number[len(number) // 2:][:16]}
        for piece in pieces:
            forms += [("bytes", piece), ("words", piece[::-1]), ("hex", piece.hex().encode()),
                      ("HEX", piece.hex().upper().encode())]
            for text in in_base64(piece):
                forms.append(("base64", text))
    for line in private_lines(pem):
        forms += [("PEM", line), ("PEM in UTF-16", line.decode().encode("utf-16-le"))]
        # As it is sent to a node.
        forms += [("PEM in base64", text) for text in in_base64(line)]
    return Secret(name, forms)


def find(secrets, data):
    """Every secret that is in the data: (secret, form, place)."""
    if len(data) > 1 << 16 and not any_of(secrets, data):
        return []
    found = []
    for secret in secrets:
        for form, value in secret.forms:
            place = data.find(value)
            if place >= 0:
                found.append((secret, form, place))
    return found


def any_of(secrets, data):
    """Whether one may be in the data: grep looks for all forms at once, in hex, as a form may hold any byte."""
    number = os.memfd_create("forms")
    try:
        os.write(number, "\n".join(value.hex() for secret in secrets for _, value in secret.forms).encode())
        ended = subprocess.run(["grep", "-q", "-F", "-f", f"/dev/fd/{number}"], input=data.hex().encode(), pass_fds=(number,),
                               env={"LC_ALL": "C", "PATH": os.environ["PATH"]})
    finally:
        os.close(number)
    if ended.returncode > 1:
        raise RuntimeError("grep failed")
    return ended.returncode == 0
