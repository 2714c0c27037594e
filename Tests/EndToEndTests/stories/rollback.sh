# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Three control planes go back to before the first init, and to before a change, one first, then all; and forward again.
story() {
    cluster_up 3
    operator_up 3
    remember_each 3
    on_each 3 keep bare
    assert_exit 1 op rollback --yes
    assert_contains "[rollback/nothing]" "no change of cp1, cp2, cp3 is recorded there"
    on_each 3 assert_node_untouched

    assert_exit 0 op init --yes
    on_each 3 keep first
    before_the_first
    # A flag and a pair of another size.
    ssh_spec 3 '"certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": 384 } } },
        "requestHeader": { "allowedNames": ["aggregator", "other"] }, "apiServer": { "aggregatorRouting": true }' \
        >"$OPERATOR/cluster.json"
    assert_exit 0 op init --yes
    on_each 3 keep second

    # What is shown and refused changes nothing.
    remember_each 3
    assert_exit 0 op rollback --dry-run
    assert_contains "restore the files from before the change of" "private key, not shown" "--enable-aggregator-routing=true" \
        "plan: 9 files to restore, 0 to remove, 3 restarts"
    assert_lacks "PRIVATE KEY"
    assert_exit 64 op rollback
    assert_contains "--yes"
    assert_exit 64 op rollback --yes --limit cp9
    on_each 3 assert_node_untouched

    # One, then all: the one is left alone.
    assert_exit 0 op rollback --yes --limit cp1
    assert_contains "done: 3 files restored, 0 removed, 1 restart" "next: the next init installs again what was rolled back, unless you change the spec first"
    assert_lacks "FAIL"
    NODE=1 assert_kept first
    NODE=2 assert_node_untouched
    NODE=3 assert_node_untouched
    NODE=1 remember_node
    assert_exit 0 op rollback --yes --require-proof
    assert_contains "cp1: was rolled back already" "done: 6 files restored, 0 removed, 2 restarts"
    NODE=1 assert_node_untouched
    on_each 3 assert_kept first
    on_each 3 assert_aggregation

    # Once more is forward, where the spec is.
    op rollback --yes --require-proof --quiet -o json >"$LAB/result"
    assert_eq "the results" "9 0 3 changed changed changed" "$(python3 -c 'import json, sys
result = json.load(open(sys.argv[1])); changes = result["changes"]
print(changes["filesWritten"], changes["filesRemoved"], changes["restarts"],
    *[node["result"] for node in result["nodes"]])' "$LAB/result")"
    on_each 3 assert_kept second
    on_each 3 assert_aggregation
    assert_exit 0 op init --yes
    assert_written 0 0

    damaged_copy
    compromised
}

# A copy that is not what was kept, and a record that cannot be read.
damaged_copy() {
    local store=/var/lib/aggbootstrap-node/kube-apiserver.service/previous
    remember_each 3
    NODE=2 node_exec sh -c "cp -a $store /root/kept; echo x >>$store/0"
    assert_exit 1 op rollback --yes
    assert_contains "[rollback/copy-damaged]" "cp2: cannot restore"
    NODE=2 node_exec sh -c "rm $store/0"
    assert_exit 1 op rollback --yes
    assert_contains "[rollback/copy-damaged]" "is gone"
    NODE=2 node_exec sh -c "sed -i '\$d' $store/manifest"
    assert_exit 1 op rollback --yes
    assert_contains "[node/transaction-damaged]"
    NODE=2 node_exec sh -c "rm -r $store; mv /root/kept $store"
    on_each 3 assert_node_untouched
}

# A CA that was dropped as compromised does not come back, nor what it has signed.
compromised() {
    local ca
    ca=$(echo "$OPERATOR"/state/ca/*/ca.pem)
    echo "$(digest_of x509 -in "$ca" -outform DER) $(openssl x509 -in "$ca" -noout -pubkey |
        digest_of pkey -pubin -outform DER) 1700000000 CN=stolen" >"$OPERATOR/state/compromised"
    remember_each 3
    assert_exit 1 op rollback --yes
    assert_contains "[rollback/compromised-ca]" "run init"
    on_each 3 assert_node_untouched
    rm "$OPERATOR/state/compromised"
}

digest_of() { openssl "$@" | sha256sum | cut -d' ' -f1; }

# The first change is taken back: its files and flags are gone; and forward again.
before_the_first() {
    NODE=1 node_exec systemctl stop kube-apiserver
    remember_each 3
    assert_exit 1 op rollback --yes --limit cp2
    assert_contains "[plan/unhealthy]" "cp1"
    on_each 3 assert_node_untouched
    NODE=1 node_exec systemctl start kube-apiserver
    NODE=1 kube_ready

    assert_exit 0 op rollback --yes --require-proof
    assert_contains "done: 0 files restored, 12 removed, 3 restarts"
    assert_lacks FAIL "not proven"
    on_each 3 assert_kept bare
    assert_exit 0 op rollback --yes --require-proof
    assert_contains "done: 12 files restored, 0 removed, 3 restarts" "next: aggbootstrap rollback --spec $OPERATOR/cluster.json undoes this again"
    on_each 3 assert_kept first
    on_each 3 assert_aggregation
    assert_exit 0 op init --yes
    assert_written 0 0
}

# keep NAME: the files and the command line that the node has now.
keep() {
    node_files >"$LAB/$1-files$NODE"
    running_flags >"$LAB/$1-flags$NODE"
}

node_files() {
    # shellcheck disable=SC2016  # it expands on the node
    node_exec sh -c 'find /etc -printf "%p %y %m %U:%G %l\n"; find /etc -type f -exec sha256sum {} +' | sort
}

# assert_kept NAME: the same again, in effect, and loaded by systemd; nothing is left of the work.
assert_kept() {
    diff "$LAB/$1-files$NODE" <(node_files) || fail "node $NODE has the files of: $1"
    diff "$LAB/$1-flags$NODE" <(running_flags) || fail "node $NODE runs with the flags of: $1"
    assert_eq "NeedDaemonReload of node $NODE" no "$(node_exec systemctl show -P NeedDaemonReload kube-apiserver)"
    assert_eq "the command that systemd of node $NODE has" "$(tr '\n' ' ' <"$LAB/$1-flags$NODE")" \
        "$(node_exec systemctl show -P ExecStart kube-apiserver | sed 's/.*argv\[\]=\(.*\) ; ignore_errors.*/\1 /')"
    assert_eq "what is left on node $NODE" "" "$(node_exec find /var/lib/aggbootstrap-node -name '.*' -o -name '*unfinished*' \
        -o -name '*-tmp' -o -name 'verify-*' -o -name 'transaction*')"
    kube_ready
}

remember_node() {
    tree_contents >"$LAB/contents$NODE"
    start_timestamp >"$LAB/started$NODE"
}
