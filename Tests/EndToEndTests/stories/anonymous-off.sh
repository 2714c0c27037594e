# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# --anonymous-auth=false: readiness is seen with the proxied identity, and everything is proven with it.
story() {
    API_FLAGS=(--anonymous-auth=false)
    cluster_up
    assert_eq "an anonymous /readyz" 401 "$(outside curl -sS --cacert "$PKI/ca.pem" -o /dev/null -w '%{http_code}' \
        "https://$(lab_address):6443/readyz")"
    assert_exit 0 agg init --yes
    assert_aggregation
    assert_exit 0 agg verify
    assert_lacks FAIL
    assert_converged

    # Without the pair it shows its readiness to nobody.
    assert_exit 0 agg rollback --yes
    assert_contains "not proven: /readyz answers 401"
    assert_lacks FAIL
    kube_ready
    assert_eq "flags that are left" "" "$(running_flags | grep -E 'requestheader|proxy-client' || true)"
    assert_exit 0 agg rollback --yes
    assert_aggregation
}
