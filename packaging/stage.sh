#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts all that a package holds below a directory: program, manual pages, completions, schemas, examples and pages.
# Usage: stage.sh AGGBOOTSTRAP DIRECTORY zsh-vendor|zsh-site
#   DIRECTORY is what is /usr on a machine, or an archive's top. Debian has a directory of its own for zsh's completions.
# The same program makes the same bytes: nothing of the machine, the user or the time gets in.
set -euo pipefail
umask 022
export LC_ALL=C
here=$(dirname "$(realpath "$0")")
project=$(dirname "$here")
program=$(realpath "$1")
root=$2
case $3 in
zsh-vendor) zsh=share/zsh/vendor-completions ;;
zsh-site) zsh=share/zsh/site-functions ;;
*)
    echo "stage.sh: no such place: $3" >&2
    exit 64
    ;;
esac
epoch=$("$here/epoch.sh")

mkdir -p "$root"/bin "$root/$zsh" "$root"/share/{man/man1,aggbootstrap,bash-completion/completions,fish/vendor_completions.d} \
    "$root"/share/doc/aggbootstrap/examples
# Without the names of compilers and linkers, which say nothing to a user.
strip --remove-section=.comment --remove-section=.note -o "$root/bin/aggbootstrap" "$program"
# Swift's package manager adds a path for libraries beside the program: there are none, and nobody is to put some there.
chrpath -d "$root/bin/aggbootstrap" >/dev/null
chmod 755 "$root/bin/aggbootstrap"
staged=$root/bin/aggbootstrap

python3 "$project/scripts/man.py" "$staged" "$root/share/man/man1"
gzip -9n "$root"/share/man/man1/*.1
# It is read, not run, so it names no shell.
"$staged" completion bash | sed '1{/^#!/d}' >"$root/share/bash-completion/completions/aggbootstrap"
"$staged" completion zsh >"$root/$zsh/_aggbootstrap"
"$staged" completion fish >"$root/share/fish/vendor_completions.d/aggbootstrap.fish"
"$staged" spec schema >"$root/share/aggbootstrap/aggbootstrap.schema.json"
"$staged" status --schema >"$root/share/aggbootstrap/status.schema.json"
# In the same places relative to each other, so that their links lead somewhere.
doc=$root/share/doc/aggbootstrap
cp "$project"/{README,README.zh-CN,SECURITY,CONTRIBUTING}.md "$doc/"
(cd "$project" && find docs -type f \( -name '*.md' -o -name '*.png' -o -name '*.svg' \) -exec cp --parents -t "$doc" {} +)
cp "$project"/examples/*.{json,yml} "$doc/examples/"
find "$root" -type f ! -path "$staged" -exec chmod 644 {} +
find "$root" -exec touch -h -d "@$epoch" {} +
