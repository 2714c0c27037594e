#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches ansible-core and ansible-lint from PyPI, once, into the tests' own cache, and says where their programs are.
# Usage: fetch-ansible.sh      it fails, and says why, if PyPI cannot be reached
set -euo pipefail
wanted=$(dirname "$(realpath "$0")")/../ansible/tests/requirements.txt
place=${XDG_CACHE_HOME:-$HOME/.cache}/aggbootstrap-lab/ansible-$(sha256sum "$wanted" | cut -c-16)
if [ ! -e "$place/.complete" ]; then
    mkdir -p "$(dirname "$place")"
    exec 9>"$place.lock"
    flock 9
fi
if [ ! -e "$place/.complete" ]; then
    echo "fetching ansible-core and ansible-lint for the tests" >&2
    rm -rf "$place"
    /usr/bin/python3 -m venv "$place"
    "$place/bin/pip" install -q --disable-pip-version-check --retries 1 --timeout 20 --only-binary :all: -r "$wanted" \
        >"$place/log" 2>&1 || { echo "no ansible-core from PyPI: $(tail -1 "$place/log")" >&2; exit 1; }
    touch "$place/.complete"
fi
echo "$place/bin"
