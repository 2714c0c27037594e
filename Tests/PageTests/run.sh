#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Opens pages of `status --html` in Chromium, and looks for faults (see browser.py).
# Usage: run.sh AGGBOOTSTRAP [PICTURE.png]     what it downloads lies below ~/.cache/aggbootstrap-lab
set -euo pipefail
program=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
wanted=$here/requirements.txt
place=${XDG_CACHE_HOME:-$HOME/.cache}/aggbootstrap-lab/axe-core-$(sha256sum "$wanted" | cut -c-16)

if [ ! -f "$place/axe.min.js" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    /usr/bin/python3 -m venv "$work/venv"
    "$work/venv/bin/pip" download -q --disable-pip-version-check --no-deps --require-hashes -d "$work" -r "$wanted"
    /usr/bin/python3 -m zipfile -e "$work"/*.whl "$work/tree"
    mkdir -p "$place"
    mv "$work"/tree/*/axe.min.js "$place/axe.min.js"
fi
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/browser.py" "$program" chromium "$place/axe.min.js" "${@:2}"
