# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The Ansible collection: check mode changes nothing, a failure has code and hint, a run leaves what init would, again nothing.
story() {
    local trust=$NODE_CERTIFICATES/aggregator-ca.pem
    ansible_up || skip "no ansible-core from PyPI"
    before_start() {
        [ "$NODE" = 2 ] || return 0
        # Behind a specifier, which a plan does not expand: it would be refused otherwise.
        UNIT_SERVICE=("InaccessiblePaths=-%E${NODE_CERTIFICATES#/etc}/aggregator-key.pem" "RestartSec=200ms")
        api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
        UNIT_SERVICE=()
        node_exec systemctl daemon-reload
    }
    cluster_up 3
    operator_up 3
    collection_up
    role_inventory '{}'

    remember_each 3
    assert_exit 0 role_play --check --diff
    assert_recap changed=1 failed=0
    assert_contains "+++ cp3:/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf" \
        "+  --requestheader-client-ca-file=$trust" "cp2: create $NODE_CERTIFICATES/aggregator-key.pem (private key, 0600)" \
        "cp1: restart kube-apiserver"
    assert_lacks "PRIVATE KEY"
    on_each 3 assert_node_untouched
    [ ! -e "$OPERATOR/state" ] || fail "check mode makes no state directory"

    # The second of three does not start with the change.
    assert_exit 2 role_play
    assert_recap changed=0 failed=1
    assert_message "cp2: " "exit status 3: some nodes are new, some old"
    assert_eq "what failed" "3 True apiserver/did-not-come-back True" "$(told rc changed code hint)"
    assert_eq "the results" "changed failed untouched" "$(told_of_nodes)"
    NODE=1 assert_aggregation
    diff "$LAB/contents2" <(NODE=2 tree_contents) || fail "node 2 is as it was"
    NODE=3 assert_node_untouched

    NODE=2 api_unit | NODE=2 node_file 644 /etc/systemd/system/kube-apiserver.service
    NODE=2 node_exec systemctl daemon-reload
    remember_each 3
    # Only the second, as Ansible's own --limit says.
    assert_exit 0 role_play --limit cp2
    assert_recap changed=1 failed=0
    NODE=2 assert_aggregation
    NODE=1 assert_node_untouched
    NODE=3 assert_node_untouched
    assert_exit 0 role_play
    assert_recap changed=1 failed=0
    on_each 3 assert_aggregation

    # What init itself, with a spec of its own, finds as it would leave it.
    remember_each 3
    assert_exit 0 op init --yes
    assert_written 0 0
    assert_exit 0 role_play
    assert_recap changed=0 failed=0
    assert_exit 0 role_play -e aggregation_layer_command=rotate -e aggregation_layer_if_due=true
    assert_recap changed=0 failed=0
    on_each 3 assert_node_untouched
    assert_eq "specs that are left" "" "$(find "$OPERATOR" -name definition.json)"

    # Another spec is a change; the new certificates are loaded without a restart. Another user logs in, and becomes root with sudo.
    role_inventory '{"certificates": {"proxyClient": {"hosts": ["lab.example.com"]}}}' "ansible_user=alice" "ansible_become=true"
    assert_exit 0 role_play
    assert_recap changed=1 failed=0
    on_each 3 has_host lab.example.com

    NODE=3 node_exec systemctl stop ssh
    assert_exit 2 role_play
    assert_recap changed=0 failed=1
    assert_message "cp3" "hint: "
    assert_eq "what failed" "1 False node/unreachable True" "$(told rc changed code hint)"
    NODE=3 node_exec systemctl start ssh
}

has_host() { openssl x509 -noout -ext subjectAltName -in "$(node_root)$NODE_CERTIFICATES/aggregator.pem" | grep -q "DNS:$1" || fail "node $NODE has $1"; }
