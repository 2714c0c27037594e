# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Control planes and an operator that have IPv6 addresses alone: init, canary, proxy clients and the CA, also through ssh alone.
story() {
    LAB_FAMILIES=6
    rotation_up
    assert_exit 0 op verify --canary --require-proof
    assert_contains "https://$(lab_host 3):6443/readyz"
    assert_exit 0 op rotate --yes --reload-wait 3
    for NODE in 1 2 3; do assert_contains "cp$NODE: its aggregator presents the new certificate"; done
    # One API server is reached from its own node alone.
    block_port 2 6443
    assert_exit 0 rotate_ca
    open_port 2 6443
    assert_replaced
    load_down
}
