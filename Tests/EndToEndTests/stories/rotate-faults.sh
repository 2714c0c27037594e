# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# kill -9, errors of the disk and short writes in every stage of `rotate --ca`, and in `--abort`: no request fails, and the next run finishes.
# FAULTS_POINTS (5) are drawn with FAULTS_SEED (1), as many in each stage, and a quarter as many for `--abort`.
story() {
    . "$HERE/stories/faults.sh"
    . "$HERE/stories/rotate-node-kubectl.sh"
    rotation_faults
}

rotation_faults() {
    local points=${FAULTS_POINTS:-5}
    # The control plane rotates by itself, so that one process writes the state and the node's files.
    ROTATOR=agg ROTATION_NODES=1 ROTATION_WAITS=(--soak 0 --watch 0 --reload-wait 1) MET=0
    FAULTS=$HERE/../Faults
    declare -gA MET_IN=() ENDED_WITH=()
    use_fast_poll
    use_extensions
    NODE_PROGRAMS+=(kubectl="$(PATH=$OPERATOR_PATH command -v kubectl)")
    cluster_up
    admin_conf
    gcc -O1 -shared -fPIC -o "$(node_root)/usr/local/lib/partial.so" "$FAULTS/partial.c"
    spec '"apiServer": { "aggregatorRouting": true }' | node_file 644 /root/cluster.json
    assert_exit 0 agg init --yes
    rotation_load 60
    watch_up

    forward_faults "$points"
    back_faults $(((points + 2) / 4))

    watch_down
    load_down
    echo "$MET faults were met, in the stages: $(counted MET_IN); the runs ended with: $(counted ENDED_WITH)"
    [ "$MET" -ge "$points" ] || fail "$MET faults are enough"
}

# Of `rotate --ca`, from the beginning on. After every third of each stage, `rotate --abort` comes next.
forward_faults() {
    local stage fault at what
    # The first one also removes what init has kept.
    assert_exit 0 rotate_ca
    count_calls rotate --ca
    # The first change after the stage that can be called off last.
    BEFORE_DROP=$(awk '/aggbootstrap: S6 / { print last + 1; exit } /^[0-9]+ [a-z0-9]+ \// { last = $1 }' "$LAB/log")
    assert_replaced
    python3 -B "$FAULTS/lab.py" changes "$LAB/log" "$1" "${FAULTS_SEED:-1}" >"$LAB/drawn"
    while read -r stage fault at what <&6; do
        keep_front_proxy old
        meet_fault "rotate --ca" "$stage" "$fault" "$at" "$what" || continue
        keep_new || true
        if [ $(((MET_IN[$stage] + ${stage#S}) % 3)) = 0 ]; then go_back; else go_on; fi
    done 6<"$LAB/drawn"
}

# Of `rotate --abort`, after a rotation that was killed when it was about to drop the old CA. Every other time `rotate --ca`
# comes next.
back_faults() {
    local stage fault at what number=0
    keep_front_proxy old
    kill_before_drop
    count_calls rotate --abort
    one_of_both
    python3 -B "$FAULTS/lab.py" changes "$LAB/log" "$1" "${FAULTS_SEED:-1}" >"$LAB/drawn"
    while read -r stage fault at what <&6; do
        keep_front_proxy old
        kill_before_drop
        meet_fault "rotate --abort" "$stage" "$fault" "$at" "$what" || continue
        number=$((number + 1))
        if [ $((number % 2)) = 0 ]; then go_on; else go_back; fi
    done 6<"$LAB/drawn"
}

kill_before_drop() {
    with_fault kill:"$BEFORE_DROP" aggbootstrap rotate --ca
    assert_eq "the status of the rotation that is killed at its change $BEFORE_DROP" 137 "$STATUS"
    trusts_both || fail "the node trusts both CAs"
    keep_new || fail "the node has a new pair"
}

# The pair on the node as `new`; false where it is the old one or none.
keep_new() {
    rm -f "$PKI"/new-*.pem
    is_pair && [ "$(certificates_in <"$(node_root)$NODE_CERTIFICATES/aggregator.pem")" != "$(certificates_in <"$PKI/old-1.pem")" ] || return
    keep_front_proxy new
}

# with_fault FAULT:NUMBER PROGRAM ARG...: a run of the program with partial.c. What it wrote is in LAST and "$LAB/said", with
# the changes in "$LAB/log", and its status in STATUS. Nobody's umask hides a mode that is too wide; one thread makes the calls
# in the same order each time.
with_fault() {
    local fault=$1 log
    log=$(node_root)/tmp/log
    shift
    LAST_COMMAND="$* with the fault $fault"
    STATUS=0
    node_exec sh -c 'umask 0; : >/tmp/log; exec "$@" >>/tmp/log 2>&1' - env FAULT="$fault" FAULT_LOG=/tmp/log \
        FAULT_BELOW=/etc/kubernetes:/etc/systemd:/var/lib/aggbootstrap:/run/aggbootstrap LD_PRELOAD=/usr/local/lib/partial.so \
        LIBDISPATCH_COOPERATIVE_POOL_STRICT=1 "$@" --yes --spec /root/cluster.json "${ROTATION_WAITS[@]}" || STATUS=$?
    cp "$log" "$LAB/log"
    grep -vE '^[0-9]+ [a-z0-9]+ /' "$log" >"$LAB/said" || true
    LAST=$(<"$LAB/said")
}

# count_calls COMMAND ARG...: a run without a fault: what it changes is in "$LAB/log", and no key gets a mode that is too wide.
count_calls() {
    local wide
    with_fault none:0 strace -f -qq -y -s 0 -o /tmp/trace -e trace="$(calls)" aggbootstrap "$@"
    [ "$STATUS" = 0 ] || fail "$* ends well without a fault"
    wide=$(python3 -B "$FAULTS/lab.py" modes "$(node_root)/tmp/trace") || fail "no key is readable for others: $wide"
    echo "$*: $(grep -cE '^[0-9]+ [a-z0-9]+ /' "$LAB/log") changes"
}

# meet_fault COMMAND STAGE FAULT NUMBER "CALL PATH": false where the run ends before it.
meet_fault() {
    local command=$1 stage=$2 fault=$3 at=$4 calls='[a-z]' line before killed=()
    before=$(installed)
    # shellcheck disable=SC2086
    with_fault "$fault:$at" aggbootstrap $command
    LAST_COMMAND="$command, $fault $at in $stage: $5"
    [ "$fault" != short ] || calls='p?write(64)? '
    line=$(grep -E "^[0-9]+ $calls" "$LAB/log" | sed -n "${at}p" | cut -d' ' -f2-)
    [ -n "$line" ] || { echo "not reached: $LAST_COMMAND"; return 1; }
    LAST_COMMAND="$command, $fault $at in $stage: $line"
    case "$STATUS $fault" in
    "137 kill" | "3 full" | "3 rofs" | "3 broken") killed=(killed) ;;
    "0 "* | "1 "* | "3 "* | "4 "*) ;;
    *) fail "it ends with a status of its own, and not with $STATUS" ;;
    esac
    [ "$STATUS" = 0 ] || [ "$STATUS" = 137 ] || assert_contains "error: "
    [ "$STATUS" != 1 ] || diff <(echo "$before") <(installed) || fail "every file is as it was after status 1"
    MET=$((MET + 1))
    MET_IN[$stage]=$((${MET_IN[$stage]:-0} + 1))
    ENDED_WITH[$STATUS]=$((${ENDED_WITH[$STATUS]:-0} + 1))
    whole "${killed[@]}"
    serves
    echo "$STATUS  $LAST_COMMAND"
}

# The node's files, without what is beside them.
installed() { node_exec find /etc/kubernetes /etc/systemd/system -type f ! -name '.*' -exec sha256sum {} + | sort; }

# The API server answers, was not started again, and takes the node's pair for an aggregator's; no request of the load failed.
serves() {
    local files
    files=$(node_root)$NODE_CERTIFICATES
    kube_ready
    assert_same_start
    assert_no_failure
    # A kill between two renames leaves two halves of pairs, which no client can show.
    is_pair || { echo "  a key and a certificate of two pairs"; return; }
    assert_eq "the status of a request with the pair on the node" 403 \
        "$(proxied "$files/aggregator.pem" "$files/aggregator-key.pem" /api/v1/nodes -o /dev/null -w '%{http_code}')"
}

is_pair() {
    local files
    files=$(node_root)$NODE_CERTIFICATES
    [ "$(openssl pkey -pubout -in "$files/aggregator-key.pem")" = "$(openssl x509 -noout -pubkey -in "$files/aggregator.pem")" ]
}

# go_on / go_back: the next run, without a fault; then nothing is left of the work.
go_on() {
    local what=$LAST_COMMAND
    if [ "$STATUS" != 0 ]; then assert_exit 0 rotate_ca; fi
    one_of_both
    LAST_COMMAND=$what
}

go_back() {
    local what=$LAST_COMMAND status=0
    LAST_COMMAND="rotate --abort after $what"
    LAST=$(agg rotate --abort --yes "${ROTATION_WAITS[@]}" 2>&1) || status=$?
    if [ $status = 1 ]; then
        assert_contains "rotation/too-late" "rotate --ca"
        echo "  too late to abort"
        assert_exit 0 rotate_ca
    elif [ $status != 0 ]; then
        fail "it ends with 0 or 1, and not with $status"
    elif [ -n "$(node_exec find /run/aggbootstrap-node -name '.*')" ]; then
        # With nothing to abort it does not take the node's lock; the next run that does removes what is left of taking it.
        assert_contains "nothing to abort"
        assert_state_settled
        assert_exit 0 rotate_ca
    fi
    one_of_both
    LAST_COMMAND=$what
}

# The new CA, or the old one where it was called off, everywhere and alone.
one_of_both() {
    if [ "$(node_ca)" = "$(certificates_in <"$PKI/old-ca.pem")" ]; then
        assert_kept
        [ ! -f "$PKI/new-1.pem" ] || assert_refused new
        echo "  the old CA stays"
    else
        assert_replaced
    fi
    assert_exit 0 agg plan --detailed-exitcode
    whole settled
}

# Somebody asks for /readyz ten times a second.
watch_up() {
    mkfifo "$LAB/watch"
    outside python3 "$HERE/lab/availability.py" "$PKI" 2 "$(lab_host)" <"$LAB/watch" >"$LAB/watched" 2>&1 &
    WATCH_PID=$!
    exec 8>"$LAB/watch"
}

watch_down() {
    exec 8>&-
    wait $WATCH_PID || fail "who watched ended well: $(<"$LAB/watched")"
    echo "/readyz: $(<"$LAB/watched")"
    [[ $(<"$LAB/watched") == *'"failed": 0,'*'"not_ready_seen": 0,'* ]] || fail "it was ready at each moment"
}

# counted NAME: an associative array of numbers, in a line.
counted() {
    local -n numbers=$1
    local key
    for key in "${!numbers[@]}"; do echo "$key ${numbers[$key]}"; done | sort | paste -sd, | sed 's/,/, /g'
}
