#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The time that is in a package, in seconds since 1970: SOURCE_DATE_EPOCH, or else that of the last commit.
set -euo pipefail
[ -z "${SOURCE_DATE_EPOCH:-}" ] || { echo "$SOURCE_DATE_EPOCH"; exit; }
git -C "$(dirname "$0")" log -1 --format=%ct 2>/dev/null ||
    { echo "error: this is no clone with commits: set SOURCE_DATE_EPOCH, such as to the time of the release in seconds since 1970" >&2; exit 1; }
