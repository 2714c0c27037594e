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
    assert_exit 0 op status --warn-before 1d
    assert_contains "cp1, cp2, cp3  " "fine: 3 control planes as the spec says"
    on_each 3 assert_node_untouched
    assert_eq "ssh connections of that run to a node" 1 "$(NODE=2 connections_of op init --yes)"

    NODE=2 node_exec sh -c "chmod 600 $trust; echo >>/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf"
    assert_exit 2 op plan --detailed-exitcode
    assert_contains "mode and owner only, was 0600" "zz-aggregation.conf"
    assert_lacks "cp1: " "cp3: "
    assert_exit 4 op status --warn-before 1d
    assert_contains "cp2: $trust has another mode or owner [drift/file]" "zz-aggregation.conf differs [drift/file]"
    assert_lacks "cp1: " "cp3: "
    remember_each 3
    assert_exit 0 op init --yes
    NODE=1 assert_node_untouched
    NODE=3 assert_node_untouched
    on_each 3 assert_aggregation
    assert_eq "what is left of connections" "" "$(left_in_tmp init --yes)"
}

# What a run leaves in /tmp, which is its own here: runs of other stories are not seen in it.
left_in_tmp() {
    local command=$1
    shift
    # shellcheck disable=SC2016
    outside unshare -m bash -c 'mount -t tmpfs tmpfs /tmp && "$@" >/dev/null 2>&1 || exit; ls -A /tmp' - \
        env -i PATH="$OPERATOR_PATH" HOME="$OPERATOR" "$AGGBOOTSTRAP" "$command" --spec "$OPERATOR/cluster.json" "$@" </dev/null ||
        echo "it failed"
}
