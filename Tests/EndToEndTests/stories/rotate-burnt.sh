# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# A CA whose key is not kept: nothing is signed later, so a renewal and a new control plane take a new CA, under load.
story() {
    use_fast_poll
    use_extensions
    cluster_up 3
    SPEC_MEMBERS="\"apiServer\": { \"aggregatorRouting\": true, \"kubeconfig\": \"$LAB/kubeconfig\" },
        \"certificates\": { \"ca\": { \"keep\": false }, \"proxyClient\": { \"validity\": \"3d\" } }"
    operator_up 3
    ssh_spec 2 >"$OPERATOR/cluster.json"
    # Without a proxy client it would find the extension server unavailable, for all.
    NODE=3 node_exec systemctl stop kube-apiserver
    assert_exit 0 op init --yes
    ROTATION_NODES=2
    rotation_load_of_two
    assert_no_ca_key
    assert_exit 1 op rotate --yes
    assert_contains "plan/no-ca-key" "was not kept" "rotate --ca"

    # Called off: the pairs of the old CA are still there, though it could not sign them again.
    kill_rotation line "cp2: 2 files written" --ca --yes --accept-unlisted "$(lab_address 3)" "${ROTATION_WAITS[@]}"
    assert_no_ca_key
    assert_exit 0 op rotate --abort --yes "${ROTATION_WAITS[@]}"
    assert_contains "only the old CA is trusted"
    assert_eq "the CA of node 1" "$(certificates_in <"$PKI/old-ca.pem")" "$(NODE=1 node_ca)"

    # Killed once proxy clients are signed and their CA is not stored: called off, nothing of them is left, and the next
    # run begins again.
    kill_rotation call fsync "$OPERATOR/state/leaves/cp2" --ca --yes --accept-unlisted "$(lab_address 3)" "${ROTATION_WAITS[@]}"
    assert_no_ca_key
    [ "$(find "$OPERATOR/state/leaves" -name '*key.pem' | wc -l)" -gt 2 ] || fail "a proxy client was signed"
    assert_exit 0 op rotate --abort --yes
    assert_contains "no control plane was changed"
    assert_exit 0 op init --yes
    assert_contains "nothing to change"
    assert_eq "leaf keys in the state" 2 "$(find "$OPERATOR/state/leaves" -name '*key.pem' | wc -l)"
    kill_rotation call fsync "$OPERATOR/state/leaves/cp2" --ca --yes --accept-unlisted "$(lab_address 3)" "${ROTATION_WAITS[@]}"
    assert_exit 0 op rotate --ca --yes --accept-unlisted "$(lab_address 3)" "${ROTATION_WAITS[@]}"
    on_each 2 assert_refused old
    assert_no_ca_key
    load_goes_on 60
    assert_no_failure
    assert_killed 3
    load_down

    # A new control plane: the next CA signs for it, and init brings it in.
    NODE=3 node_exec systemctl start kube-apiserver
    NODE=3 kube_ready
    ssh_spec 3 >"$OPERATOR/cluster.json"
    assert_exit 1 op init --yes
    assert_contains "plan/no-ca-key" "cp3" "rotate --ca"
    on_each 2 keep_front_proxy old
    kill_rotation line "cp2: 2 files written" --ca --yes "${ROTATION_WAITS[@]}"
    assert_exit 0 op rotate --abort --yes "${ROTATION_WAITS[@]}"
    assert_contains "only the old CA is trusted"
    assert_exit 0 op rotate --ca --yes "${ROTATION_WAITS[@]}"
    assert_contains "cp3 skipped"
    on_each 2 assert_refused old
    assert_exit 0 op init --yes
    ROTATION_NODES=3
    on_each 2 assert_one_ca
    NODE=3 assert_aggregation
    assert_no_ca_key

    # A timer: proxy clients are due, which is a new CA.
    on_each 3 keep_front_proxy old
    assert_exit 0 op rotate --if-due --renew-before 71h59m --yes "${ROTATION_WAITS[@]}"
    assert_contains "the CA is replaced"
    on_each 3 assert_one_ca
    on_each 3 assert_refused old
    assert_no_ca_key
}

rotation_load_of_two() {
    extensions_up 2
    extension_start echo echo-1
    extension_register echo
    load_up 2 30 echo
    load_goes_on 60
    on_each 2 keep_front_proxy old
    remember_each 2
}

# No file of the operator or of a node holds the private key of a CA.
assert_no_ca_key() {
    local key public authorities
    authorities=$(for key in "$OPERATOR"/state/ca/*/ca.pem; do openssl x509 -in "$key" -noout -pubkey | sha256sum; done)
    while read -r key; do
        public=$(openssl pkey -in "$key" -pubout 2>/dev/null | sha256sum) || continue
        grep -q "$public" <<<"$authorities" && fail "$key is no CA's key"
    done < <(grep -rlI "PRIVATE KEY" "$OPERATOR" "$(NODE=1 node_root)/etc/kubernetes" "$(NODE=1 node_root)/var/lib")
    grep -rlqI "PRIVATE KEY" "$OPERATOR/state/leaves" || fail "there are keys to look at"
}
