#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the stories: each on fresh nodes of its own, JOBS at a time (2).
# Usage: run.sh [--all | STORY...]   stories are the names of stories/*.sh; `make e2e` sets what is needed. Without a
#   name: all but those with the line `# only in e2e-full`; with --all those too
#   AGGBOOTSTRAP    the program, linked for Debian 12
#   KUBE_APISERVER  a kube-apiserver; before 1.23 some stories have, instead of it,
#   KUBE_APISERVER_POLL1S  one that looks at its certificate files each second
#   KUBE_APISERVER_INOTIFY  one that watches its certificate files; for some long stories only
#   KUBE_SCHEDULER_POLL1S  a kube-scheduler that looks each second; for rotate-scheduler only
#   KUBELET  a kubelet; for static-pods only
#   KUBECTL  a kubectl; without it the newest that scripts/fetch-kubectl.sh has fetched
# The last line is `N passed, N failed, N skipped`. With CI=true a skipped story is a failure.
set -euo pipefail
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lab/lab.sh"
. "$HERE/lab/kube-apiserver.sh"
. "$HERE/lab/cluster.sh"
. "$HERE/lab/static-pod.sh"
. "$HERE/assert.sh"
. "$HERE/lab/operator.sh"
. "$HERE/lab/ansible.sh"
. "$HERE/lab/kills.sh"
. "$HERE/lab/aggregation.sh"
. "$HERE/lab/front-proxy.sh"
. "$HERE/lab/rotation.sh"
AGGBOOTSTRAP=$(realpath "${AGGBOOTSTRAP:?names the program}")
KUBE_APISERVER=$(realpath "$KUBE_APISERVER")
SKIPPED=77

skip() {
    echo "skipped: $*"
    exit $SKIPPED
}

# run_story NAME: in a process of its own; what it writes is shown when it fails.
run_story() {
    LAB_ID=$BASHPID
    trap end_story EXIT
    . "$HERE/stories/$1.sh"
    story
}

end_story() {
    local status=$?
    trap - EXIT
    if [ $status != 0 ] && [ $status != $SKIPPED ]; then
        printf '\n--- last command: %s\n%s\n' "$LAST_COMMAND" "$LAST"
        if [ -f "${LAB:-}/node$NODE.pid" ]; then
            printf '\n--- journal of kube-apiserver\n'
            node_exec journalctl -u kube-apiserver -n 30 --no-pager -o short-iso | cut -c1-400 || true
        fi
    fi
    lab_down
    exit $status
}

# The story's first comment that is not the licence.
about() { sed -n '/^# shellcheck/d; /^# SPDX/d; /^# only in e2e-full/d; s/^# //p; /^[^#]/q' "$HERE/stories/$1.sh" | head -1; }

report() {
    local name=$1 status=$2 seconds=$3 word=FAIL
    case $status in
    0) word=PASS passed=$((passed + 1)) ;;
    "$SKIPPED") word=SKIP skipped=$((skipped + 1)) ;;
    *) failed=$((failed + 1)) ;;
    esac
    printf '%s  %-18s %3d s  %s\n' "$word" "$name" "$seconds" "$(about "$name")"
    [ $word = PASS ] && [ "${VERBOSE:-}" != 1 ] || sed 's/^/      /' "$OUTPUT/$name"
}

# Waits for one story to end, and reports it.
reap() {
    local pid status=0
    wait -n -p pid || status=$?
    report "${running[$pid]}" $status $((SECONDS - started[$pid]))
    unset "running[$pid]"
}

if [ "${1:-}" = --one ]; then
    run_story "$2"
    exit
fi

[ "$(id -u)" = 0 ] || { echo "error: the stories need root" >&2; exit 1; }
lab_sweep
lab_base
echo "kube-apiserver 1.$(kube_minor), kubectl $(kubectl_version "$KUBECTL"); kubectl $(kubectl_version "$KUBECTL_OLD") where a story says so"
OUTPUT=$(mktemp -d)
declare -A running=() started=()
passed=0 failed=0 skipped=0
end_run() {
    local pid
    trap - EXIT
    for pid in "${!running[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$OUTPUT"
}
trap end_run EXIT
trap 'exit 130' INT TERM

stories=("$@")
case ${1:-} in
"") mapfile -t stories < <(cd "$HERE/stories" && grep -Lx '# only in e2e-full' -- *.sh | sed 's/\.sh$//') ;;
--all) mapfile -t stories < <(cd "$HERE/stories" && ls -- *.sh | sed 's/\.sh$//') ;;
esac
for name in "${stories[@]}"; do
    [ -f "$HERE/stories/$name.sh" ] || { echo "error: there is no story $name" >&2; exit 64; }
done
# Whether no other story may run beside it: what it needs of the machine would be measured with it.
is_alone() { grep -qx '# alone' "$HERE/stories/$1.sh"; }

for name in "${stories[@]}"; do
    jobs=${JOBS:-2}
    if is_alone "$name"; then jobs=1; fi
    for other in "${running[@]}"; do if is_alone "$other"; then jobs=1; fi; done
    while [ ${#running[@]} -ge "$jobs" ]; do reap; done
    AGGBOOTSTRAP=$AGGBOOTSTRAP KUBE_APISERVER=$KUBE_APISERVER "$0" --one "$name" >"$OUTPUT/$name" 2>&1 </dev/null &
    running[$!]=$name started[$!]=$SECONDS
done
while [ ${#running[@]} -gt 0 ]; do reap; done
echo "took $SECONDS s"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && { [ $skipped = 0 ] || [ "${CI:-}" != true ]; }
