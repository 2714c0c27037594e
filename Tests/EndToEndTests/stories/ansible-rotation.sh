# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# Rotations through the Ansible collection, under load: leaves, a CA that stops at an extension server, is aborted, and is replaced.
story() {
    ansible_up || skip "no ansible-core from PyPI"
    rotation_up
    collection_up
    role_inventory "{\"apiServer\": {\"aggregatorRouting\": true, \"kubeconfig\": \"$LAB/kubeconfig\"}}"
    assert_exit 0 rotate -e aggregation_layer_abort=true
    assert_recap changed=0 failed=0
    assert_message "nothing to abort"
    assert_exit 0 rotate -e aggregation_layer_ca=true --check --diff
    assert_recap changed=1 failed=0
    assert_contains "S2 trust" "S6 drop"
    on_each 3 assert_node_untouched

    extension_start laggard laggard-1 -reload=false
    extension_register laggard
    assert_exit 2 rotate -e aggregation_layer_ca=true
    assert_recap changed=0 failed=1
    assert_eq "what failed" "4 True rotation/laggard True" "$(told rc changed code hint)"
    # With a part of the cluster it is refused.
    assert_exit 2 rotate -e aggregation_layer_ca=true --limit cp2
    assert_eq "what failed" "64 False usage/arguments True" "$(told rc changed code hint)"
    assert_exit 0 rotate -e aggregation_layer_abort=true
    assert_recap changed=1 failed=0
    assert_message "only the old CA is trusted"
    assert_kept

    assert_exit 0 rotate
    assert_recap changed=1 failed=0
    assert_message "3 certificates issued, 6 files written, 0 restarts"
    extension_replace laggard-1 laggard-2
    assert_exit 0 rotate -e aggregation_layer_ca=true
    assert_recap changed=1 failed=0
    assert_message "the CA is replaced"
    assert_replaced
}

# rotate OPTION...: with short waits.
rotate() {
    role_play -e aggregation_layer_command=rotate -e aggregation_layer_soak=1 -e aggregation_layer_watch=3 \
        -e aggregation_layer_reload_wait=3 "$@"
}
