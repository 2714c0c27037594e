#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The oldest glibc that a program runs with, such as 2.36, by the versions of the symbols that it needs.
# Usage: glibc.sh PROGRAM
set -euo pipefail
versions=$(LC_ALL=C readelf -V -W "$1" | grep -oE 'GLIBC_(ABI_DT_RELR|[0-9.]+)')
# Relocations in few bytes: glibc 2.36 was the first that reads them, and has no number for that.
sed 's/ABI_DT_RELR/2.36/; s/GLIBC_//' <<<"$versions" | sort -Vu | tail -1
