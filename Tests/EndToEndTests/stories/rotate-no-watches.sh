# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# A kube-apiserver that watches its files could set no watch: it reads them each minute, and is given the time, or seen to present the new pair.
story() {
    local before
    use_watching
    use_extensions
    ROTATION_NODES=1
    UNIT_SERVICE=(User=kube)
    before_start() { exhaust_inotify; }
    cluster_up 1
    assert_eq "files that kube-apiserver watches" 0 "$(node_exec sh -c "cat /proc/$(main_pid)/fdinfo/*" | grep -c ^inotify || true)"
    [ "$(main_pid)" -gt 1 ] || fail "kube-apiserver runs"
    rotation_operator
    assert_exit 0 op init --yes
    rotation_load 30
    assert_exit 0 op verify
    assert_contains "watches           it could not watch its files, so it reads them each minute: raise fs.inotify.max_user_instances"

    # Nobody sees what it presents: it is given its minute.
    keep_front_proxy old
    before=$SECONDS
    assert_exit 0 op rotate --yes --no-canary
    [ $((SECONDS - before)) -ge 65 ] || fail "65 s were waited"
    load_goes_on 30
    [ "$(load_shown 1)" != "$(serial_of old)" ] || fail "it presents the new pair"
    assert_no_failure

    # A canary does; then the CA, whose stages wait for what is seen.
    assert_exit 0 op rotate --yes
    assert_contains "cp1: its aggregator presents the new certificate"
    assert_exit 0 op rotate --ca --yes --soak 1 --watch 3
    assert_contains "cp1: its aggregator presents the new certificate" "done: the CA is replaced"
    load_goes_on 30
    assert_no_failure
    load_down
}

# Takes all inotify instances that Linux allows the user kube on this machine, until the lab ends.
exhaust_inotify() {
    local user
    user=$(node_exec id -u kube)
    ip netns exec "$(lab_namespace ops)" python3 - "$user" >"$LAB/inotify-taken" <<'P' &
import ctypes, os, resource, sys, time
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
os.setuid(int(sys.argv[1]))
begin = ctypes.CDLL(None, use_errno=True).inotify_init1
while True:
    while begin(0) >= 0: pass
    print("all taken", flush=True)
    time.sleep(.2)
P
    wait_for 20 test -s "$LAB/inotify-taken"
}
