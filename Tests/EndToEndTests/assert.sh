# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the stories check with. Sourced after lab.sh and cluster.sh.

LAST=          # what the last attempt wrote, standard output and error together
LAST_COMMAND=

fail() {
    printf 'not so: %s\n' "$*"
    exit 1
}

# assert_exit CODE CMD...: runs CMD, which must end with CODE. What it wrote is in LAST.
assert_exit() {
    local wanted=$1 status=0
    shift
    LAST_COMMAND="$*"
    LAST=$("$@" 2>&1) || status=$?
    [ "$status" = "$wanted" ] || fail "exit $wanted, but it was $status: $LAST_COMMAND"
}

assert_eq() { [ "$2" = "$3" ] || fail "$1 is '$2', but it is '$3'"; }

# Of what the last command wrote.
assert_contains() {
    local text
    for text in "$@"; do [[ $LAST == *"$text"* ]] || fail "'$text' is in what was written by: $LAST_COMMAND"; done
}

assert_lacks() {
    local text
    for text in "$@"; do [[ $LAST != *"$text"* ]] || fail "'$text' is not in what was written by: $LAST_COMMAND"; done
}

# agg COMMAND ARG...: aggbootstrap on the node, with the story's spec.
agg() {
    local command=$1
    shift
    node_exec aggbootstrap "$command" --spec /root/cluster.json "$@"
}

# remember: what assert_unchanged and assert_restored compare with.
remember() {
    tree_digest >"$LAB/tree"
    tree_contents >"$LAB/contents"
    start_timestamp >"$LAB/started"
}

# Not one byte, mode, owner or time differs on the node, and the API server's process is the same.
assert_unchanged() {
    diff "$LAB/tree" <(tree_digest) || fail "nothing changed on the node"
    assert_not_restarted
}

# The same where a change had begun: directories may have another time.
assert_restored() {
    diff "$LAB/contents" <(tree_contents) || fail "everything on the node is as it was"
    assert_not_restarted
}

assert_not_restarted() { assert_eq "the start of the API server" "$(<"$LAB/started")" "$(start_timestamp)"; }

# What init writes last: assert_written FILES RESTARTS.
assert_written() {
    local wanted=" $1 files? written, $2 restarts?\$"
    [[ $LAST =~ $wanted ]] || fail "$1 files written, $2 restarts, by: $LAST_COMMAND"
}

SEVEN_FLAGS="--proxy-client-cert-file --proxy-client-key-file --requestheader-allowed-names --requestheader-client-ca-file
--requestheader-extra-headers-prefix --requestheader-group-headers --requestheader-username-headers"

# assert_aggregation [OWNER]: the layer is on, by what openssl, curl and stat say: flags, files, handshake, identity.
assert_aggregation() {
    local owner=${1:-root:root} certificates flag body
    certificates=$(node_root)$NODE_CERTIFICATES
    kube_ready
    for flag in $SEVEN_FLAGS; do
        assert_eq "how often $flag is given" 1 "$(running_flags | grep -c -- "^$flag=")"
    done
    assert_pair "$owner"
    api "/readyz?verbose" | grep -q poststarthook/aggregator-reload-proxy-client-cert || fail "the proxy pair is in use"
    handshake_cas | grep -qxF "$(subject "$certificates/aggregator-ca.pem")" || fail "the handshake names the CA"
    # The aggregator's pair speaks in the name of a user, who may not list nodes.
    body=$(proxied "$certificates/aggregator.pem" "$certificates/aggregator-key.pem" /api/v1/nodes)
    [[ $body == *'"code": 403'* && $body == *'User \"lab-probe\" cannot list'* ]] || fail "the user is lab-probe in: $body"
    other_ca
    assert_eq "the status of another CA's certificate" 401 \
        "$(proxied "$PKI/stranger.pem" "$PKI/stranger-key.pem" /api/v1/nodes -o /dev/null -w '%{http_code}')"
}

# assert_pair OWNER: the three files are there with their modes and owner, verify, belong together, and are alone.
assert_pair() {
    local certificates left
    certificates=$(node_root)$NODE_CERTIFICATES
    assert_eq "modes and owners" "644 $1|600 $1|644 $1" "$(node_exec stat -c '%a %U:%G' \
        $NODE_CERTIFICATES/aggregator-ca.pem $NODE_CERTIFICATES/aggregator-key.pem $NODE_CERTIFICATES/aggregator.pem |
        paste -sd'|')"
    openssl verify -x509_strict -purpose sslclient -CAfile "$certificates/aggregator-ca.pem" "$certificates/aggregator.pem" \
        >"$LAB/verify" 2>&1 || fail "the pair verifies: $(<"$LAB/verify")"
    assert_eq "the certificate's public key" "$(openssl pkey -pubout -in "$certificates/aggregator-key.pem")" \
        "$(openssl x509 -noout -pubkey -in "$certificates/aggregator.pem")"
    left=$(node_exec find $NODE_CERTIFICATES /etc/systemd/system -name '.*' ! -name . -o -name '*.tmp' -o -name '*~')
    assert_eq "what is left beside the files" "" "$left"
}

# No run's unfinished work is on the node.
assert_nothing_left() {
    assert_eq "what is left on node $NODE" "" "$(node_exec sh -c 'for tree in /var/lib/aggbootstrap-node "$1" /etc/systemd/system; do
        [ ! -e "$tree" ] || find "$tree" -name ".*" -o -name "*unfinished*" -o -name "*-tmp" -o -name "verify-*" -o -name transaction
    done' - $NODE_CERTIFICATES)"
}

other_ca() {
    [ -f "$PKI/stranger.pem" ] && return
    make_ca stranger-ca "/CN=stranger"
    make_leaf stranger-ca stranger "/CN=aggregator" "extendedKeyUsage=clientAuth"
}

subject() { openssl x509 -noout -subject -nameopt RFC2253 -in "$1" | sed 's/^subject=//'; }

# Another init has nothing to do and does nothing.
assert_converged() {
    remember
    assert_exit 0 agg init --yes
    assert_written 0 0
    assert_not_restarted
    diff <(grep -v /lock "$LAB/tree") <(tree_digest | grep -v /lock) || fail "the second init changed nothing"
}
