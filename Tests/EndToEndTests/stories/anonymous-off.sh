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
}
