#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes certificates and keys as first inputs, once: none is stored.
# Usage: seeds.sh FOLDER
set -euo pipefail
out=$1
mkdir -p "$out/pem" "$out/der" "$out/key"
[ ! -e "$out/made" ] || exit 0
for kind in 'ec -pkeyopt ec_paramgen_curve:P-256' 'rsa -pkeyopt rsa_keygen_bits:1024' 'ed25519'; do
    name=${kind%% *}
    # shellcheck disable=SC2086
    openssl genpkey -algorithm $kind -out "$out/key/$name" 2>/dev/null
    openssl req -x509 -new -key "$out/key/$name" -subj "/O=system:masters/CN=front proxy/C=CN" -days 30 \
        -addext subjectAltName=DNS:a.example,IP:192.0.2.1 -addext extendedKeyUsage=clientAuth \
        -addext keyUsage=digitalSignature,keyCertSign -out "$out/pem/$name" 2>/dev/null
    openssl x509 -in "$out/pem/$name" -outform DER -out "$out/der/$name"
done
openssl ec -in "$out/key/ec" -out "$out/key/sec1" 2>/dev/null
openssl rsa -traditional -in "$out/key/rsa" -out "$out/key/pkcs1" 2>/dev/null
cat "$out/pem/ec" "$out/pem/ed25519" >"$out/pem/bundle"
touch "$out/made"
