#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the packages in a directory: lintian and rpmlint, the SBOM, sums and a signature, and on bare systems that the Debian
# package installs, works and leaves nothing when it is purged. As root; needs the network for the bare systems.
# Usage: test.sh DIRECTORY [SUITE...]      SUITE: bookworm (the default), trixie, or an Ubuntu such as noble
# The last line is `N passed, N failed`. Mounts are in a namespace of their own, which ends with the test.
set -euo pipefail
export LC_ALL=C
here=$(dirname "$(realpath "$0")")
dist=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- bookworm
cache=${XDG_CACHE_HOME:-$HOME/.cache}/aggbootstrap-lab
mkdir -p "$cache"
work=$(mktemp -d -p "$cache" packages.XXXXXX)
trap 'wait; rm -rf --one-file-system "$work"' EXIT
deb=$(ls "$dist"/aggbootstrap_*.deb)
tarball=$(ls "$dist"/aggbootstrap-*.tar.gz)
sbom=$(ls "$dist"/aggbootstrap-*.spdx.json)
version=$(dpkg-deb -f "$deb" Version)
version=${version%-*}
passed=0 failed=0

fail() {
    echo "error: $*" >&2
    exit 1
}

# check WHAT FUNCTION ARGUMENT...: in a process of its own; what it says is shown if it fails.
check() {
    local started=$SECONDS what=$1 status
    shift
    # Not behind `||`: what fails in the middle would be passed over.
    set +e
    (set -e; "$@") >"$work/log" 2>&1
    status=$?
    set -e
    if [ $status = 0 ]; then
        passed=$((passed + 1))
        printf 'PASS  %s (%d s)\n' "$what" $((SECONDS - started))
    else
        failed=$((failed + 1))
        printf 'FAIL  %s (status %d)\n' "$what" $status
        sed 's/^/      /' "$work/log"
    fi
}

lint_deb() { lintian --allow-root --fail-on warning,error,override "$deb"; }

lint_rpm() {
    local rpm said
    rpm=$(ls "$dist"/aggbootstrap-*.rpm)
    said=$(rpmlint -c "$here/rpmlint.toml" "$rpm") || fail "$said"
    grep -q ' 0 errors, 0 warnings' <<<"$said" || fail "$said"
    rpm -qp --requires "$rpm" | grep -F 'libssl.so.3()(64bit)'
    mkdir "$work/rpm"
    # Debian has no database of RPM packages that could know what is needed.
    rpm --root "$work/rpm" --nodeps --nosignature --install "$rpm"
    same_as_built "$work/rpm/usr"
    rpm --root "$work/rpm" --nodeps --erase aggbootstrap
    [ -z "$(find "$work/rpm" ! -path '*/rpm/var/*' -name '*aggbootstrap*')" ] || fail "it leaves files: $(find "$work/rpm" -name '*aggbootstrap*')"
}

# same_as_built DIRECTORY: what is installed there is what the tarball has, byte for byte.
same_as_built() {
    local file
    [ -d "$work/tar" ] || { mkdir "$work/tar" && tar -xzf "$tarball" -C "$work/tar" --strip-components=1; }
    for file in bin/aggbootstrap share/man/man1/aggbootstrap-init.1.gz share/bash-completion/completions/aggbootstrap \
        share/fish/vendor_completions.d/aggbootstrap.fish share/aggbootstrap/{aggbootstrap,status}.schema.json \
        share/doc/aggbootstrap/{README.md,README.zh-CN.md,docs/tutorial/offline{,.zh-CN}.md,examples/three-control-planes.json}; do
        cmp "$work/tar/$file" "$1/$file"
    done
}

tarball_works() {
    local top=$work/unpacked program size
    mkdir "$top"
    tar -xzf "$tarball" -C "$top" --strip-components=1
    program=$top/bin/aggbootstrap
    [ "$("$program" --version)" = "$version" ]
    ! readelf -d "$program" | grep -E 'RPATH|RUNPATH' || fail "the program looks for libraries beside it"
    readelf -h "$program" | grep -q 'DYN (' || fail "the program is not position-independent"
    # Nothing of the machine that built it.
    ! grep -rlaF -e "$(dirname "$here")/" "$top" || fail "the path of the build is in it"
    size=$(tar -tvzf "$tarball" | awk '$2 != "0/0"' | wc -l)
    [ "$size" = 0 ] || fail "files of other owners: $size"
    "$program" spec validate "$top/share/doc/aggbootstrap/examples/three-control-planes.json"
    [ "$(find "$top" -perm /022 ! -type l | wc -l)" = 0 ]
    test -f "$top/share/doc/aggbootstrap/LICENSE"
}

sbom_is_spdx() {
    local venv=$cache/spdx-tools-0.8.5 digest
    digest=$(tar -xzOf "$tarball" --wildcards '*/bin/aggbootstrap' | sha256sum | cut -d' ' -f1)
    grep -q "\"$digest\"" "$sbom" || fail "the SBOM is not of this program"
    for name in libssl.so.3 libsystemd.so.0 swift-argument-parser swift-foundation; do grep -q "\"$name\"" "$sbom"; done
    if [ ! -e "$venv/.complete" ]; then
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" -q --disable-pip-version-check install spdx-tools==0.8.5
        touch "$venv/.complete"
    fi
    "$venv/bin/pyspdxtools" --infile "$sbom" --version SPDX-2.3
    # It must be able to refuse.
    sed 's/"SPDX-2.3"/"SPDX-9"/; s/"relatedSpdxElement": "SPDXRef-/&nowhere-/' "$sbom" >"$work/bad.spdx.json"
    ! "$venv/bin/pyspdxtools" --infile "$work/bad.spdx.json" || fail "pyspdxtools takes a broken SBOM"
}

sums_and_signature() {
    local copy=$work/signed kind
    (cd "$dist" && sha256sum --check --strict SHA256SUMS)
    mkdir "$copy"
    cp "$dist"/aggbootstrap* "$copy/"
    openssl genpkey -quiet -algorithm ed25519 -out "$work/ed25519.pem"
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/ec.pem"
    for kind in ed25519 ec; do
        openssl pkey -in "$work/$kind.pem" -pubout -out "$work/$kind.pub"
        "$here/sums.sh" "$copy" "$work/$kind.pem"
        verify_signature $kind "$copy"
        echo >>"$copy/SHA256SUMS"
        ! verify_signature $kind "$copy" || fail "the signature is also that of something else"
    done
    "$here/sums.sh" "$copy" | grep 'not signed'
    [ ! -e "$copy/SHA256SUMS.sig" ] || fail "the signature of before is still there"
}

verify_signature() {
    if [ "$1" = ed25519 ]; then
        openssl pkeyutl -verify -rawin -pubin -inkey "$work/$1.pub" -in "$2/SHA256SUMS" -sigfile "$2/SHA256SUMS.sig"
    else
        openssl dgst -sha256 -verify "$work/$1.pub" -signature "$2/SHA256SUMS.sig" "$2/SHA256SUMS"
    fi
}

# bare SUITE: an archive of a fresh debootstrap, made once.
bare() {
    local suite=$1 made=$cache/bare-$1.tar options=() mirror=()
    [ ! -e "$made" ] || return 0
    case $suite in
    bookworm | trixie) ;;
    *)
        mirror=(http://archive.ubuntu.com/ubuntu)
        options=('--components=main,universe')
        [ -e /usr/share/keyrings/ubuntu-archive-keyring.gpg ] || options+=(--no-check-gpg)
        ;;
    esac
    [ -e "/usr/share/debootstrap/scripts/$suite" ] || mirror+=(/usr/share/debootstrap/scripts/gutsy)
    debootstrap --variant=minbase "${options[@]}" "$suite" "$work/bare" "${mirror[@]}"
    tar -C "$work/bare" -cf "$made.new" .
    rm -rf --one-file-system "$work/bare"
    mv "$made.new" "$made"
}

# inside COMMAND...: in the system, with processes and mounts of its own.
inside() {
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child bash -ec '
        mount -t proc proc "$0/proc"; mount --bind /dev "$0/dev"
        exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
            http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" "$@"' "$work/system" "$@"
}

# What is there and belongs to no package, but for what the package manager itself and the linker's cache write.
strays() {
    inside bash -ec 'cat /var/lib/dpkg/info/*.list | sort -u >/tmp/owned
        find / -xdev \( -path /proc -o -path /dev -o -path /tmp -o -path /run -o -path /var/lib/dpkg -o -path /var/cache -o -path /var/log -o -path /var/lib/apt \) \
            -prune -o -print | sort | comm -23 - /tmp/owned'
}

installs() {
    local suite=$1 said
    [ -e "$cache/bare-$suite.tar" ] || fail "there is no bare $suite: $(<"$work/bare.log")"
    rm -rf --one-file-system "$work/system"
    mkdir "$work/system"
    tar -C "$work/system" -xf "$cache/bare-$suite.tar"
    cp -L /etc/resolv.conf /etc/hosts "$work/system/etc/"
    cp "$deb" "$work/system/tmp/"
    [ ! -e "$work/system/usr/bin/aggbootstrap" ]
    inside apt-get -q update
    strays >"$work/before"
    inside apt-get -q install -y --no-install-recommends "/tmp/$(basename "$deb")"
    [ "$(inside aggbootstrap --version)" = "$version" ]
    same_as_built "$work/system/usr"
    inside cp -r /usr/share/doc/aggbootstrap/examples /tmp/examples
    inside bash -ec '. /usr/share/bash-completion/completions/aggbootstrap; complete -p aggbootstrap'
    inside bash -ec 'zcat /usr/share/man/man1/aggbootstrap-rotate.1.gz | grep "SH EXAMPLES"; test -s /usr/share/zsh/vendor-completions/_aggbootstrap'
    inside bash -ec 'cd /tmp; for spec in examples/*.json; do aggbootstrap spec validate "$spec"; done
        aggbootstrap plan --root out --spec examples/three-control-planes.json
        aggbootstrap init --yes --root out --spec examples/three-control-planes.json
        aggbootstrap verify --offline out
        test -s out/master-2/etc/kubernetes/ssl/aggregator.pem'
    said=$(inside aggbootstrap plan --root /tmp/out --spec /tmp/examples/three-control-planes.json --detailed-exitcode) || fail "$said"
    # A user who is not root.
    inside setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/tmp/home bash -ec \
        'mkdir -m 700 /tmp/home; cd /tmp/home; aggbootstrap init --root out'
    inside apt-get -q purge -y aggbootstrap
    ! inside dpkg-query -W aggbootstrap || fail "the package is still known"
    inside apt-get -q autoremove -y --purge
    strays >"$work/after"
    diff "$work/before" "$work/after" || fail "purge leaves files"
    rm -rf --one-file-system "$work/system"
}

# Beside the other checks: it mostly waits for the network.
(set -e; for suite in "$@"; do bare "$suite"; done) >"$work/bare.log" 2>&1 &
making=$!
check "the Debian package has no error and no warning of lintian" lint_deb
check "the tarball has what it should, and nothing of the build's machine" tarball_works
if compgen -G "$dist/aggbootstrap-*.rpm" >/dev/null; then check "the RPM package: rpmlint, installed below a directory, erased" lint_rpm; fi
check "the SBOM is SPDX 2.3, of this program" sbom_is_spdx
check "SHA256SUMS is right, and openssl verifies its signature" sums_and_signature
wait $making || true
for suite in "$@"; do check "installed, used and purged on a bare $suite" installs "$suite"; done
printf '%d passed, %d failed\n' $passed $failed
[ $failed = 0 ]
