# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# Somebody has a proxy client's key, or the CA's: said beforehand what will fail, then replaced without waiting for those
# that do not follow, and not called done while an extension server still trusts it.
story() {
    rotation_up 60
    extension_start laggard laggard-1 -reload=false
    extension_register laggard
    assert_exit 0 op rotate --compromised leaf --dry-run
    assert_contains "system:masters" "$EXTENSION_NAMESPACE/laggard" "$(<"$EXTENSIONS/laggard-1.address"):8443" \
        "$EXTENSION_NAMESPACE/echo" "continues without those that do not"
    assert_eq "generations in the state" 1 "$(find "$OPERATOR/state/ca" -name ca.pem | wc -l)"

    assert_exit 4 op rotate --compromised leaf --yes --watch 3 --reload-wait 3
    assert_contains "rotation/still-trusted" "$EXTENSION_NAMESPACE/laggard" "401 for the old certificate" "restart it"
    # Nobody with the old key gets anything from an API server, while the rest goes on.
    on_each 3 assert_refused old
    load_goes_on 60
    assert_no_failure
    assert_exit 1 op rotate --abort --yes
    assert_contains "rotation/too-late"
    extension_replace laggard-1 laggard-2
    assert_exit 0 op rotate --compromised leaf --yes --watch 3 --reload-wait 3
    assert_replaced
    assert_eq "compromised CAs" 1 "$(wc -l <"$OPERATOR/state/compromised")"
    grep -q "$(openssl x509 -in "$PKI/old-ca.pem" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)" \
        "$OPERATOR/state/compromised" || fail "it is the old CA that is listed"

    # One that is open already goes on as an emergency; no key of its CA was on a node yet, so that CA stays.
    on_each 3 keep_front_proxy old
    kill_rotation line "S2 trust: reached" --ca --yes "${ROTATION_WAITS[@]}"
    assert_exit 0 op rotate --compromised leaf --yes --watch 3 --reload-wait 3
    assert_contains "order of an emergency"
    assert_replaced
    assert_eq "compromised CAs" 2 "$(wc -l <"$OPERATOR/state/compromised")"

    # One that was called off would end with the CA that others have the key of: it goes forward again. Keys of the CA that
    # it goes to have been on nodes, and may be known too: that CA is replaced in its turn, also by a run that was ended
    # between the two and is not told why.
    on_each 3 keep_front_proxy old
    kill_rotation line "S5 soak: " --ca --yes "${ROTATION_WAITS[@]}"
    on_each 3 keep_front_proxy between
    kill_rotation line "cp2: 2 files written" --abort --yes "${ROTATION_WAITS[@]}"
    kill_rotation line "replacing the CA again: " --compromised leaf --yes --watch 3 --reload-wait 3
    assert_exit 1 op init --yes
    assert_contains "rotation/open"
    assert_exit 0 op rotate --ca --yes "${ROTATION_WAITS[@]}"
    assert_replaced
    on_each 3 assert_refused between
    assert_eq "compromised CAs" 4 "$(wc -l <"$OPERATOR/state/compromised")"
    assert_killed 4
    load_down
}
