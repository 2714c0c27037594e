# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Three control planes over ssh: init turns the layer on, again it does nothing, and a drifted node alone is mended.
story() {
    local trust=/etc/kubernetes/ssl/aggregator-ca.pem
    cluster_up 3
    operator_up 3
    assert_exit 0 op init --yes
    assert_written 12 3
    assert_contains "proofs on cp3:"
    on_each 3 assert_aggregation
    assert_eq "the number of keys" 3 "$(for NODE in 1 2 3; do
        sha256sum <"$(node_root)/etc/kubernetes/ssl/aggregator-key.pem"; done | sort -u | wc -l)"

    remember_each 3
    assert_exit 0 op init --yes
    assert_written 0 0
    on_each 3 assert_node_untouched
    assert_eq "ssh connections of that run to a node" 1 "$(NODE=2 connections_of op init --yes)"

    NODE=2 node_exec sh -c "chmod 600 $trust; echo >>/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf"
    assert_exit 2 op plan --detailed-exitcode
    assert_contains "mode and owner only, was 0600" "zz-aggregation.conf"
    assert_lacks "cp1: " "cp3: "
    remember_each 3
    assert_exit 0 op init --yes
    NODE=1 assert_node_untouched
    NODE=3 assert_node_untouched
    on_each 3 assert_aggregation
    assert_eq "what is left of connections" "" "$(find /tmp -maxdepth 1 -name 'aggbootstrap-ssh-*' -newer "$OPERATOR/id")"
}
