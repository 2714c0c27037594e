#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes SHA256SUMS of the packages in a directory, and with a key its signature, SHA256SUMS.sig.
# Usage: sums.sh DIRECTORY [KEY]      KEY is a file with a private key in PEM: Ed25519, ECDSA or RSA
# A key is never made here: without one, nothing is signed.
set -euo pipefail
umask 022
export LC_ALL=C
key=${2:-}
[ -z "$key" ] || key=$(realpath "$key")
cd "$1"
rm -f SHA256SUMS SHA256SUMS.sig
files=()
for file in *.deb *.rpm *.tar.gz *.spdx.json; do [ ! -f "$file" ] || files+=("$file"); done
[ ${#files[@]} -gt 0 ] || { echo "error: there is no package in $PWD" >&2; exit 1; }
sha256sum "${files[@]}" >SHA256SUMS
cat SHA256SUMS
if [ -z "$key" ]; then
    echo 'not signed: no key was given (SIGNING_KEY=FILE)'
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl pkey -in "$key" -pubout -out "$work/public"
# Ed25519 signs the text, the others its digest; both are verified below as a user does.
if openssl pkey -pubin -in "$work/public" -noout -text | grep -q '^ED25519'; then
    openssl pkeyutl -sign -rawin -inkey "$key" -in SHA256SUMS -out "$work/signature"
    openssl pkeyutl -verify -rawin -pubin -inkey "$work/public" -in SHA256SUMS -sigfile "$work/signature" >/dev/null
    how="openssl pkeyutl -verify -rawin -pubin -inkey PUBLIC-KEY -in SHA256SUMS -sigfile SHA256SUMS.sig"
else
    openssl dgst -sha256 -sign "$key" -out "$work/signature" SHA256SUMS
    openssl dgst -sha256 -verify "$work/public" -signature "$work/signature" SHA256SUMS >/dev/null
    how="openssl dgst -sha256 -verify PUBLIC-KEY -signature SHA256SUMS.sig SHA256SUMS"
fi
mv "$work/signature" SHA256SUMS.sig
echo "signed; verify it with: $how"
