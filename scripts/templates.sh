#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes the texts that have no Chinese translation yet, as entries of a PO file with where they stand. The tests must be built.
# Usage: templates.sh [FILE]   (default: /tmp/missing.po)
set -euo pipefail

cd "$(dirname "$0")/.."
file=$(realpath -m "${1:-/tmp/missing.po}")
rm -f "$file"
# It fails where a text is missing.
AGGBOOTSTRAP_MISSING_TEMPLATES=$file swift test --skip-build --filter MessageTranslationTests.everyTextIsTranslated >/dev/null 2>&1 || true
[ -f "$file" ] || { echo "error: no list was made: run swift build --build-tests first" >&2; exit 1; }
echo "$(grep -c '^msgid' "$file" || true) texts in $file"
