# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# A backup is a hard link to a certificate file, so that a kube-apiserver that watches its files misses changes: before a rotation, in it, after it.
story() {
    local option
    use_watching
    use_extensions
    cluster_up $ROTATION_NODES
    rotation_operator
    assert_exit 0 op init --yes
    rotation_load 100

    # Made before: it is named with the way out, and nothing is changed.
    NODE=2 link_backup
    for option in "" --ca "--ca --dry-run" "--compromised leaf"; do
        # shellcheck disable=SC2086
        assert_exit 1 op rotate --yes $option
        assert_contains "rotation/hard-link" "cp2: $NODE_CERTIFICATES/aggregator" "-xdev -samefile"
    done
    on_each 3 assert_node_untouched
    assert_exit 0 op verify
    assert_contains "--   watches" "$NODE_CERTIFICATES/aggregator-ca.pem" "have other hard links"
    assert_eq "open rotations" 0 "$(grep -c rotation-begin "$OPERATOR/state/ledger.jsonl")"
    NODE=2 unlink_backup
    assert_exit 0 op rotate --yes
    assert_no_failure

    # A change was made meanwhile: the file that is there now is not watched any more.
    NODE=2 link_backup
    NODE=2 keep_front_proxy same
    NODE=2 put_pair same
    remember_each 3
    assert_exit 4 op verify
    assert_contains "FAIL watches" "does not watch $NODE_CERTIFICATES/aggregator"
    for option in "" --ca; do
        # shellcheck disable=SC2086
        assert_exit 1 op rotate --yes $option
        assert_contains "rotation/not-watched" "cp2: kube-apiserver does not watch $NODE_CERTIFICATES/aggregator" "remove it"
    done
    on_each 3 assert_node_untouched
    assert_no_failure
    # With the backup gone it reads them again and watches what is there.
    NODE=2 unlink_backup

    # Made in the midst of a CA's replacement, which is stopped before anything is dropped.
    NODE=3 linked_in_the_midst 4 "S2 trust: reached" --ca "${ROTATION_WAITS[@]}"
    assert_contains "cp3: its aggregator presents the new certificate" "cp3: it does not watch" "S5 soak" "rotation/not-watched"
    assert_lacks "S6 drop:"
    on_each 3 trusts_both || fail "both CAs are trusted on every node"
    NODE=3 unlink_backup
    assert_exit 0 rotate_ca
    assert_no_failure

    # Made in the midst: where the aggregator is seen to present the new pair, that counts.
    NODE=3 linked_in_the_midst 4 "cp1: its aggregator presents"
    assert_contains "cp3: its aggregator presents the new certificate" "cp3: it does not watch"
    assert_no_failure
    assert_exit 1 op rotate --yes
    assert_contains "cp3: kube-apiserver does not watch" "rotation/not-watched"
    NODE=3 unlink_backup
    assert_exit 0 op verify

    # Where nobody sees it, the old files are put back, and the API server has loaded the new ones.
    on_each 3 keep_front_proxy old
    remember_each 3
    NODE=3 linked_in_the_midst 3 "S2 trust: reached" --ca --no-canary "${ROTATION_WAITS[@]}"
    assert_contains "cp3: kube-apiserver does not watch" "rotation/not-watched"
    load_goes_on 200
    NODE=3 assert_pair_is_back
    NODE=1 keep_front_proxy new
    for NODE in 2 3; do cp "$PKI/new-1.pem" "$PKI/new-$NODE.pem"; cp "$PKI/new-1-key.pem" "$PKI/new-$NODE-key.pem"; done
    # Called off now, the CA of what it presents would be dropped.
    assert_exit 1 op rotate --abort --dry-run
    assert_contains "rotation/not-watched"
    assert_exit 1 op rotate --abort --yes "${ROTATION_WAITS[@]}"
    assert_contains "cp3: kube-apiserver does not watch" "rotation/not-watched"
    on_each 3 trusts_both || fail "both CAs are trusted on every node"
    load_goes_on 200
    assert_no_failure
    NODE=3 unlink_backup
    assert_exit 0 op rotate --abort --dry-run
    assert_contains "it would return to the old CA"
    assert_exit 0 op rotate --abort --yes "${ROTATION_WAITS[@]}"
    load_goes_on 200
    assert_no_failure
    on_each 3 assert_one_ca
    on_each 3 assert_refused new
    on_each 3 assert_same_start
    load_down
}

link_backup() { node_exec sh -c "mkdir -p /root/backup && ln $NODE_CERTIFICATES/aggregator* /root/backup/"; }
unlink_backup() { node_exec rm -r /root/backup; }

# linked_in_the_midst STATUS LINE ARG...: `op rotate --yes ARG...` ends with STATUS; after LINE the node gets its backup.
linked_in_the_midst() {
    local pid status=0
    LAST_COMMAND="rotate ${*:3}, with a hard link after: $2"
    # There is time to make it before that node's turn.
    NODE=2 slow_sync 2
    op rotate --yes "${@:3}" >"$LAB/rotation" 2>&1 &
    pid=$!
    wait_for 60 grep -q "$2" "$LAB/rotation"
    link_backup
    wait $pid || status=$?
    NODE=2 quick_sync
    LAST=$(<"$LAB/rotation")
    [ $status = "$1" ] || fail "exit $1, but it was $status: $LAST_COMMAND"
}

# The old pair lies there, and another one is presented.
assert_pair_is_back() {
    assert_eq "the certificate on disk" "$(serial_of old)" \
        "$(openssl x509 -noout -serial -in "$(node_root)$NODE_CERTIFICATES/aggregator.pem" | cut -d= -f2)"
    [ "$(load_shown "$NODE")" != "$(serial_of old)" ] || fail "node $NODE presents the new one"
}
