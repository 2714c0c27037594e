# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# The lab's own extension API server trusts what k8s.io/apiserver would, and nothing else; each way of loading the CA.
story() {
    local instance
    use_fast_poll
    use_extensions
    cluster_up 1
    operator_up 1
    assert_exit 0 op init --yes
    extensions_up 1
    # CAs whose keys are at hand.
    mint_front_proxy old 1
    mint_front_proxy new 1
    put_trust old
    put_pair old
    wait_for 5 loaded_trust old
    kube delete configmap -n kube-system extension-apiserver-authentication >/dev/null
    wait_for 10 published_trust old
    cp "$PKI/old-ca.pem" "$LAB/trust.pem"
    extension_start echo echo-1
    extension_start laggard laggard-1 -reload=false
    extension_start filed filed-1 -requestheader-client-ca-file "$LAB/trust.pem" -requestheader-allowed-names aggregator
    for instance in echo laggard filed; do extension_register "$instance"; done
    load_up 1 50 echo laggard filed
    for instance in echo-1 laggard-1 filed-1; do
        extension_loaded "$instance" old || fail "$instance asks for certificates of the old CA only"
        refuses_others "$instance"
    done
    # A client certificate of the cluster's own is its owner's, whatever a header says.
    ask_extension echo-1 admin
    assert_contains '"user":"admin"' '"groups":["system:masters"]'

    put_trust old new
    wait_for 5 loaded_trust old new
    wait_for 5 extension_loaded echo-1 old new
    ask_extension echo-1 new-1
    assert_contains '"user":"somebody"' '"groups":["people"]' '"issuer":"aggregator-ca new"'
    ask_extension laggard-1 new-1
    assert_contains '"code":401' "unknown authority"
    cat "$PKI/new-ca.pem" >>"$LAB/trust.pem"
    wait_for 5 extension_loaded filed-1 old new

    # The new CA signed by the old one, behind the leaf, is enough for what trusts the old one only.
    cross_sign
    ask_extension laggard-1 crossed-1
    assert_contains '"user":"somebody"' '"issuer":"aggregator-ca new"'
    put_pair crossed
    wait_for 10 shows_pair crossed
    load_goes_on 100
    load_down
    assert_no_failure
    assert_eq "who issued what was shown" "aggregator-ca new aggregator-ca old" "$(load_issuers 1 | sort | paste -sd' ')"
}

# refuses_others INSTANCE: what is not the proxy's is nobody's.
refuses_others() {
    other_ca
    make_leaf old-ca named "/CN=aggregator2" "extendedKeyUsage=clientAuth"
    make_leaf old-ca server "/CN=aggregator" "extendedKeyUsage=serverAuth"
    ask_extension "$1" ""
    assert_contains '"code":401' "no client certificate"
    ask_extension "$1" stranger
    assert_contains '"code":401' "unknown authority"
    ask_extension "$1" named
    assert_contains '"code":401' "aggregator2 is not allowed"
    ask_extension "$1" server
    assert_contains '"code":401' "incompatible key usage"
}

# ask_extension INSTANCE CERTIFICATE: LAST is the answer to a request in the name of somebody, sent past kube-apiserver.
ask_extension() {
    local service host
    service=$(<"$EXTENSIONS/$1.service")
    host=$service.$EXTENSION_NAMESPACE.svc
    assert_exit 0 outside curl -sS --max-time 10 --cacert "$PKI/extension-ca.pem" \
        ${2:+--cert "$PKI/$2.pem" --key "$PKI/$2-key.pem"} -H "X-Remote-User: somebody" -H "X-Remote-Group: people" \
        --resolve "$host:8443:$(<"$EXTENSIONS/$1.address")" "https://$host:8443$(extension_path "$service")"
}
