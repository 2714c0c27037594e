# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Three control planes whose kube-apiserver is a static pod: init installs the files and prints the flags, kubelet takes the
# manifest with them, and the CA is replaced under 200 requests a second while a kubelet restarts.
# alone
story() {
    local node
    use_fast_poll
    use_extensions
    use_static_pods
    NODE_CERTIFICATES=/etc/kubernetes/pki
    SPEC_MEMBERS="$(kubeadm_certificates),
      \"apiServer\": { \"managedBy\": \"external\", \"aggregatorRouting\": true, \"kubeconfig\": \"$LAB_RUN/$LAB_ID/kubeconfig\" }"
    static_pods_up 3
    operator_up 3
    kubeconfig 3

    assert_exit 4 op init --yes
    assert_contains "9 files written" "/etc/kubernetes/manifests/kube-apiserver.json" "run init again"
    # As it was printed, into the manifest.
    mapfile -t API_FLAGS < <(sed -n 's/^ *"\(--[a-z-]*=[^"]*\)",$/\1/p' <<<"$LAST" | sort -u)
    assert_eq "flags that are printed" 8 ${#API_FLAGS[@]}
    for node in 1 2 3; do NODE=$node pod_change; done
    assert_exit 0 op init --yes --require-proof
    assert_contains "nothing to change" "proofs on cp3:"
    on_each 3 remember_pod
    # What runs is what a spec is made of that has nothing left to do.
    assert_exit 0 op_adopt 3 --output "$OPERATOR/adopted.json"
    assert_lacks "no state directory" "does not keep"
    mv "$OPERATOR/adopted.json" "$OPERATOR/cluster.json"
    grep -q '"managedBy": "external"' "$OPERATOR/cluster.json" || fail "the spec says that something else runs kube-apiserver"
    assert_exit 0 op plan --detailed-exitcode

    extensions_up 3
    extension_start echo echo-1
    extension_register echo
    load_up 3 200 echo
    load_goes_on 400
    (sleep 12 && NODE=2 node_exec systemctl restart kubelet) &
    assert_exit 0 op rotate --ca --yes --soak 5 --watch 20 --reload-wait 3
    wait $!
    for NODE in 1 2 3; do assert_contains "cp$NODE: its aggregator presents the new certificate"; done
    load_goes_on 600
    load_down
    assert_no_failure
    on_each 3 assert_same_pod
    assert_exit 0 op verify
    assert_exit 0 op status

    # A manifest that names another file: what to change is said, and nothing is changed.
    API_FLAGS=("${API_FLAGS[@]/front-proxy-client.crt/other.crt}")
    NODE=3 node_exec cp -p $NODE_CERTIFICATES/front-proxy-client.crt $NODE_CERTIFICATES/other.crt
    NODE=3 pod_change
    on_each 3 remember_pod
    assert_exit 1 op rotate --yes
    assert_contains "plan/other-flags" "cp3" "other.crt instead of" "manifests/kube-apiserver.json"
    on_each 3 assert_same_pod
}

# The changed manifest is in effect.
pod_change() {
    local before
    before=$(main_pid)
    pod_start
    wait_for 150 pod_is_new "$before"
    pod_ready
}

pod_is_new() {
    local now
    now=$(main_pid) && [ -n "$now" ] && [ "$now" != "$1" ]
}

remember_pod() { start_timestamp >"$LAB/pod$NODE"; }
assert_same_pod() { assert_eq "the start of node $NODE's API server" "$(<"$LAB/pod$NODE")" "$(start_timestamp)"; }
