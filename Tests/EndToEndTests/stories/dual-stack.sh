# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Control planes with both families, known by an IPv4 address, an IPv6 address and a name; one advertises what it finds itself.
story() {
    LAB_FAMILIES=46
    # Before 1.21 two ranges are refused without it.
    [ "$(kube_minor)" -ge 21 ] || API_FLAGS=(--feature-gates=IPv6DualStack=true)
    # The third one's command line does not tell what it advertises, which is the address that it finds.
    advertised() { if [ "$NODE" = 3 ]; then echo --bind-address=0.0.0.0; else echo "--advertise-address=$(lab_address4)"; fi; }
    spec_address() {
        case $1 in
        1) lab_address4 1 ;;
        2) lab_address6 2 ;;
        3) echo cp3.lab.test ;;
        esac
    }
    use_fast_poll
    use_extensions
    cluster_up 3
    printf '%s\n' "127.0.0.1 localhost" "$(lab_address4 3) cp3.lab.test" >"$LAB/hosts"
    rotation_operator
    assert_exit 0 op init --yes
    assert_exit 0 op plan
    assert_contains "nothing to change"
    rotation_load
    assert_exit 0 op verify --canary --require-proof
    assert_contains "https://cp3.lab.test:6443/readyz" "https://[$(lab_address6 2)]:6443/readyz"
    assert_exit 0 rotate_ca
    assert_replaced
    load_down

    # Another name, which nobody can look up.
    sed -i 's/cp3.lab.test/cp3.nowhere.test/' "$OPERATOR/cluster.json"
    assert_exit 1 op init --yes
    assert_contains "cp3" "cp3.nowhere.test" "[node/unreachable]"
}

# As operator.sh has it, with names that the operator's machine can look up.
op() {
    local command=$1
    shift
    # shellcheck disable=SC2016
    outside sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$LAB/hosts" env -i PATH="$OPERATOR_PATH" HOME="$OPERATOR" \
        "$AGGBOOTSTRAP" "$command" --spec "$OPERATOR/cluster.json" "$@" </dev/null
}
