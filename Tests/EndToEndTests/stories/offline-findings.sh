# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Fourteen ways to break a set-up: what verify --offline says of the node's files, and what kube-apiserver then does with them.
story() {
    cluster_up
    assert_exit 0 agg init --yes
    DROP_IN=/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf
    SSL=$NODE_CERTIFICATES
    node_exec tar -C / -cf /root/good.tar etc/kubernetes etc/systemd/system
    CLEAN=$(codes)
    assert_eq "errors of a set-up that works" 0 "$(judge -o json | grep -c '"severity" : "error"')"
    another_pki

    broken lint/missing-file does_not_start "rm $SSL/aggregator.pem"
    broken lint/key-mismatch does_not_start "cp /root/other/leaf-key.pem $SSL/aggregator-key.pem"
    broken lint/ca-unreadable does_not_start "echo nothing >$SSL/aggregator-ca.pem"
    broken lint/key-encrypted does_not_start "cp /root/other/encrypted-key.pem $SSL/aggregator-key.pem"
    broken lint/bad-value does_not_start "$(append --enable-aggregator-routing=perhaps)"
    broken lint/bad-list does_not_start "$(set_flag requestheader-group-headers 'a,\\"b')"
    broken lint/chain answers_401 "cp /root/other/ca.pem $SSL/aggregator-ca.pem"
    broken lint/name-not-allowed answers_401 "$(set_flag requestheader-allowed-names other)"
    broken lint/purpose answers_401 "$(install_pair server-only)"
    broken lint/expired answers_401 "$(install_pair expired)"
    broken lint/no-username-headers answers_401 "$(drop_flag requestheader-username-headers)"
    broken lint/no-requestheader-ca answers_401 "$(drop_flag requestheader-client-ca-file)"
    broken lint/any-name accepts_any_name "$(set_flag requestheader-allowed-names '')"
    broken lint/no-group-headers sees_no_groups "$(drop_flag requestheader-group-headers)"

    assert_eq "findings of what was restored" "$CLEAN" "$(codes)"
    assert_aggregation
}

# What judges the node's files: it gets them as an archive, and has neither spec nor state.
judge() {
    node_exec tar -C / -cf - etc/kubernetes etc/systemd/system >"$LAB/tree.tar"
    "$AGGBOOTSTRAP" verify --offline "$LAB/tree.tar" "$@" 2>&1
}

codes() { judge | grep -oE 'lint/[a-z-]+' | sort -u | paste -sd' ' || true; }

# broken CODE WHAT COMMAND: the command breaks the node; the code is reported and no other one that the clean node has not.
broken() {
    local code=$1 what=$2 command=$3 found
    node_exec sh -euc "$command"
    found=$(codes | tr ' ' '\n' | grep -vxF "$(tr ' ' '\n' <<<"${CLEAN:-none}")" | paste -sd' ' || true)
    assert_eq "findings after: $command" "$code" "$found"
    node_exec systemctl daemon-reload
    node_exec timeout 60 systemctl restart kube-apiserver >/dev/null 2>&1 && STARTED=1 || STARTED=0
    $what "$code"
    node_exec systemctl stop kube-apiserver
    node_exec systemctl reset-failed kube-apiserver 2>/dev/null || true
    node_exec tar -C / -xf /root/good.tar
    node_exec systemctl daemon-reload
    node_exec systemctl start kube-apiserver
    kube_ready
}

does_not_start() { assert_eq "whether kube-apiserver starts with $1" 0 "$STARTED"; }

status_as() { proxied "$1" "$2" /api/v1/nodes -o "$LAB/body" -w '%{http_code}'; }

pair() { echo "$(node_root)$NODE_CERTIFICATES/aggregator.pem $(node_root)$NODE_CERTIFICATES/aggregator-key.pem"; }

starts() {
    assert_eq "whether kube-apiserver starts with $1" 1 "$STARTED"
    kube_ready
}

answers_401() {
    starts "$1"
    # shellcheck disable=SC2046
    assert_eq "the status with $1" 401 "$(status_as $(pair))"
}

accepts_any_name() {
    starts "$1"
    assert_eq "the status of a certificate with any name" 403 "$(status_as "$PKI/anyone.pem" "$PKI/anyone-key.pem")"
    grep -q 'User \\"lab-probe\\" cannot list' "$LAB/body" || fail "the user is lab-probe in: $(<"$LAB/body")"
}

# A member of system:masters may do anything: without the header nobody is one.
sees_no_groups() {
    starts "$1"
    # shellcheck disable=SC2046
    assert_eq "the status without groups" 403 \
        "$(status_as $(pair) -H 'X-Remote-Group: system:masters')"
}

append() { echo "sed -i '\$ s|\$| $1|' $DROP_IN"; }
set_flag() { echo "sed -i 's|--$1=[^ ]*|\"--$1=$2\"|' $DROP_IN"; }
drop_flag() { echo "sed -i 's|--$1=[^ ]*||' $DROP_IN"; }
install_pair() { echo "cp /root/other/$1.pem $SSL/aggregator.pem; cp /root/other/$1-key.pem $SSL/aggregator-key.pem"; }

# A CA of others, and certificates of the node's own CA, whose key is in the state directory.
another_pki() {
    local ca name other root
    root=$(node_root)
    other=$root/root/other
    mkdir -p "$other"
    ca=$(dirname "$(find "$root/var/lib/aggbootstrap/lab/ca" -name ca-key.pem)")
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=other -keyout "$other/ca-key.pem" \
        -out "$other/ca.pem" 2>/dev/null
    for name in leaf server-only expired; do
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=aggregator -keyout "$other/$name-key.pem" \
            -out "$other/$name.csr" 2>/dev/null
    done
    openssl pkey -in "$other/leaf-key.pem" -aes256 -passout pass:secret -out "$other/encrypted-key.pem"
    openssl x509 -req -in "$other/server-only.csr" -CA "$ca/ca.pem" -CAkey "$ca/ca-key.pem" -days 365 -set_serial 11 \
        -extfile <(printf '%s\n' extendedKeyUsage=serverAuth authorityKeyIdentifier=keyid) -out "$other/server-only.pem" 2>/dev/null
    openssl x509 -req -in "$other/expired.csr" -CA "$ca/ca.pem" -CAkey "$ca/ca-key.pem" -days -1 -set_serial 12 \
        -extfile <(printf '%s\n' extendedKeyUsage=clientAuth authorityKeyIdentifier=keyid) -out "$other/expired.pem" 2>/dev/null
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=anyone -keyout "$PKI/anyone-key.pem" \
        -out "$PKI/anyone.csr" 2>/dev/null
    openssl x509 -req -in "$PKI/anyone.csr" -CA "$ca/ca.pem" -CAkey "$ca/ca-key.pem" -days 365 -set_serial 13 \
        -extfile <(echo extendedKeyUsage=clientAuth) -out "$PKI/anyone.pem" 2>/dev/null
}
