# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# kube-apiserver trusts 300 client CAs with long names: what its handshake says is 50 KB long, and everything is seen in it.
story() {
    before_start() { many_cas >>"$(node_root)$NODE_CERTIFICATES/ca.pem"; }
    cluster_up
    assert_exit 0 agg init --yes --require-proof
    [ "$(handshake_cas | wc -l)" -ge 300 ] || fail "its handshake names 300 CAs: $(handshake_cas | wc -l)"
    assert_aggregation
    assert_exit 0 agg verify --require-proof
    assert_converged
}

# 299 CAs that differ from one in their names alone; nobody checks a CA's own signature.
many_cas() {
    local long
    long=$(printf 'x%.0s' $(seq 60))
    make_ca many-ca "/O=$long/OU=$long/CN=client ca 0000"
    python3 - "$PKI/many-ca.pem" <<'P'
import ssl, sys
first = ssl.PEM_cert_to_DER_cert(open(sys.argv[1]).read())
for number in range(1, 300): print(ssl.DER_cert_to_PEM_cert(first.replace(b"client ca 0000", b"client ca %04d" % number)))
P
}
