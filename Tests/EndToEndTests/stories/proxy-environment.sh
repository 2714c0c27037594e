# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# kube-apiserver has a proxy in its environment, which it asks in the place of extension servers: said by plan and init, proved by verify.
story() {
    local proxy=http://lab:s3cret@$LAB_SUBNET.9:3128
    UNIT_SERVICE=("Environment=HTTPS_PROXY=$proxy" "Environment=NO_PROXY=localhost,$(lab_address 1)")
    use_fast_poll
    use_extensions
    cluster_up 1
    operator_up 1

    # By the Services' own addresses: the range is known without asking anybody.
    ssh_spec 1 "\"apiServer\": { \"kubeconfig\": \"$LAB/kubeconfig\" }" >"$OPERATOR/cluster.json"
    kubeconfig 1
    assert_exit 0 op plan
    assert_proxied 10.254.0.0/16
    assert_contains "HTTPS_PROXY is set in /etc/systemd/system/kube-apiserver.service:"
    assert_exit 0 op plan -o json
    assert_contains '"plan/proxy"'
    assert_lacks s3cret
    assert_exit 0 op init --yes
    assert_proxied 10.254.0.0/16
    assert_exit 4 op init --yes --require-proof
    assert_exit 4 op verify
    assert_contains "FAIL proxy"
    assert_proxied 10.254.0.0/16

    # By the servers' addresses, which the API tells.
    ssh_spec 1 "\"apiServer\": { \"aggregatorRouting\": true, \"kubeconfig\": \"$LAB/kubeconfig\" }" >"$OPERATOR/cluster.json"
    assert_exit 0 op init --yes
    extensions_up 1
    extension_start echo echo-1
    extension_objects echo >"$EXTENSIONS/echo.json"
    kube apply -f "$EXTENSIONS/echo.json" >/dev/null
    assert_exit 4 op verify
    assert_contains "FAIL proxy"
    assert_proxied "$(<"$EXTENSIONS/echo-1.address"):8443"
    # What is said is so.
    wait_for 60 fails_for_the_proxy

    # The environment in a file, with the range: the process is another one only after a restart.
    UNIT_SERVICE=("EnvironmentFile=/etc/kubernetes/proxy")
    printf '%s\n' "https_proxy=$proxy" "no_proxy=$(lab_address 1), $LAB_SUBNET.0/24" | node_file 600 /etc/kubernetes/proxy
    api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
    node_exec systemctl daemon-reload
    assert_exit 4 op verify
    node_exec systemctl restart kube-apiserver
    kube_ready
    assert_exit 0 op verify
    assert_contains "https_proxy is set, and no_proxy covers $(<"$EXTENSIONS/echo-1.address"):8443"
    assert_lacks s3cret
    extension_register echo
    load_up 1 20 echo
    load_goes_on 60
    load_down
    assert_no_failure
    assert_exit 0 op plan
    assert_lacks "is set" s3cret
}

# assert_proxied RANGE: it is said which variable is set, which one lacks what, and no password.
assert_proxied() {
    assert_contains "HTTPS_PROXY is set, and NO_PROXY does not cover $1" "go to the proxy"
    assert_lacks s3cret
}

fails_for_the_proxy() {
    kube get apiservice "v1.$(extension_group echo)" -o 'jsonpath={.status.conditions[?(@.type=="Available")].message}' |
        grep -q "proxyconnect.*$LAB_SUBNET.9:3128"
}
