# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Units as people have them, started by systemd before and after: other arguments stay, in order, and ours are there once.
story() {
    local style name merged=0 refused=0
    nodes_up 1
    recorder | node_file 755 /srv/recorder
    node_exec sh -c 'mkdir -m 1777 /srv/argv && mkdir -p /run/netns && touch /run/netns/k8s && mount --bind /proc/1/ns/net /run/netns/k8s'
    for style in "$HERE"/../Styles/*.style; do
        name=$(basename "$style" .style)
        clear_node
        lay_out "$style"
        style_spec "$style" | node_file 644 /srv/cluster.json
        if bake "$name"; then
            assert_kept "$style"
            merged=$((merged + 1))
        else
            assert_refused "$style"
            refused=$((refused + 1))
        fi
    done
    echo "$merged styles merged, $refused refused"
    [ $merged -ge 25 ] || fail "at least 25 styles are merged"
}

# What runs in the place of kube-apiserver and of what makes its container: it notes its arguments.
recorder() {
    # shellcheck disable=SC2016  # it expands on the node
    printf '#!/bin/sh\n{ [ $# = 0 ] || printf "%%s\\0" "$@"; } >/srv/argv/now\n'
}

# Nothing of the style before.
clear_node() {
    node_exec sh -c 'rm -rf /srv/out /etc/systemd/system/kube-apiserver.service /etc/systemd/system/kube-apiserver.service.d
        rm -rf /etc/kubernetes/apiserver /etc/kubernetes/config'
}

# lay_out STYLE: its files, both where systemd looks for them and in the tree of an offline run.
lay_out() {
    local line path=
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        '==> /'*) path=${line#==> } ;;
        '==> '*) path=/etc/systemd/system/${line#==> } ;;
        *)
            [ -n "$path" ] || continue
            printf '%s\n' "$line" >>"$LAB/part"
            continue
            ;;
        esac
        flush
        target=$path
    done <"$1"
    flush
    target=
    # The lab starts the command once, as root, wherever it is, and with all of the machine's files.
    printf '[Service]\nType=oneshot\nRestart=no\nUser=\nWorkingDirectory=\nExecStartPre=\nExecStop=\nRootDirectory=\nTemporaryFileSystem=\nInaccessiblePaths=\nBindPaths=\nBindReadOnlyPaths=\n' |
        node_file 644 /etc/systemd/system/kube-apiserver.service.d/00-lab.conf
    programs "$1"
}

# The part that was read goes to its path.
flush() {
    [ -n "${target:-}" ] && [ -f "$LAB/part" ] || return 0
    node_file 644 "$target" <"$LAB/part"
    node_file 644 "/srv/out/cp1$target" <"$LAB/part"
    rm "$LAB/part"
}

# programs STYLE: what its command runs, other than programs that systemd's machine has.
programs() {
    local path
    { grep -vE 'EnvironmentFile=|^==>' "$1" || true; } | { grep -oE '/[A-Za-z0-9/._-]*(kube-apiserver[A-Za-z0-9._-]*|kube-log-runner|with-secrets|hyperkube|docker|podman|rkt)' || true; } |
        { grep -v '^/etc/' || true; } | sort -u | while IFS= read -r path; do
        # shellcheck disable=SC2016  # it expands on the node
        node_exec sh -c 'mkdir -p "$(dirname "$1")" && touch "$1" 2>/dev/null; cmp -s /srv/recorder "$1" || mount --bind /srv/recorder "$1"' \
            sh "$path"
    done
}

style_spec() {
    local api
    api=$(sed -n 's/^# apiServer: //p' "$1")
    spec "${api:+\"apiServer\": { $api \}}"
}

# bake NAME: whether an offline run merges the flags.
bake() {
    local status=0
    LAST_COMMAND="init of the style $1"
    LAST=$(node_exec aggbootstrap init --root /srv/out --spec /srv/cluster.json --state /srv/state-"$1" 2>&1) || status=$?
    [ $status = 0 ] || [ $status = 1 ] || fail "exit 0 or 1, but it was $status: $LAST_COMMAND"
    return $status
}

# start NAME: what the unit's program gets.
start() {
    node_exec rm -f /srv/argv/now
    node_exec systemctl daemon-reload
    node_exec systemctl reset-failed kube-apiserver 2>/dev/null || true
    node_exec systemctl start kube-apiserver >/dev/null 2>&1 || true
    node_exec cat /srv/argv/now >"$LAB/$1" || fail "the unit's program was started $1 the change: $LAST_COMMAND"
}

assert_kept() {
    start before
    node_exec sh -c 'cp -r /srv/out/cp1/. /'
    start after
    python3 "$HERE/lab/kept_arguments.py" "$LAB/before" "$LAB/after" || fail "arguments are kept, ours are there once: $1"
}

# The code is one of those that docs/reference/unit-styles.md has.
assert_refused() {
    local title code
    title=$(sed -n 's/^# style: //p' "$1")
    code=$(printf '%s\n' "$LAST" | sed -nE 's/.*\[([a-z]+\/[A-Za-z-]+)\].*/\1/p' | head -1)
    grep -F "| $title |" "$HERE/../../docs/reference/unit-styles.md" | cut -d'|' -f4 | grep -qF "\`$code\`" ||
        fail "$1 is refused as docs/reference/unit-styles.md says, but it was: ${code:-no code}"
}
