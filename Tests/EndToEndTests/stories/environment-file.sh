# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The unit takes its arguments from a file: one variable is edited there, nothing else, and nothing is frozen.
story() {
    local file=/etc/kubernetes/apiserver
    # shellcheck disable=SC2016  # systemd expands it
    API_FLAGS=('$KUBE_API_ARGS')
    # shellcheck disable=SC2034  # used by api_unit
    UNIT_SERVICE=("EnvironmentFile=$file")
    cluster_file() { printf '%s\n' '# the arguments' 'TOKEN=s3cret' 'KUBE_API_ARGS="--max-requests-inflight=399 \' \
        '  --proxy-client-key-file=/nowhere"' 'LAST=1'; }
    before_start() { cluster_file | node_file 640 "$file"; }
    cluster_up
    spec '"apiServer": { "flagsIn": "environmentFile",
        "environmentFile": { "path": "'$file'", "variable": "KUBE_API_ARGS" } }' | node_file 644 /root/cluster.json
    assert_exit 0 agg init --yes
    assert_lacks freezes s3cret
    assert_aggregation
    running_flags | grep -qx -- --max-requests-inflight=399 || fail "the file's own flag is in force"
    assert_eq "the other lines" "# the arguments,TOKEN=s3cret,LAST=1" \
        "$(node_exec grep -vE 'KUBE_API_ARGS|^ ' $file | paste -sd,)"
    assert_eq "the file's mode" 640 "$(node_exec stat -c %a $file)"
    assert_eq "no drop-in" "" "$(node_exec find /etc/systemd/system/kube-apiserver.service.d -type f 2>/dev/null)"
    assert_converged

    assert_exit 0 agg rollback --yes
    assert_lacks s3cret FAIL
    assert_eq "the file as it was" "$(cluster_file)" "$(node_exec cat $file)"
    assert_eq "its mode as it was" 640 "$(node_exec stat -c %a $file)"
    kube_ready
    assert_eq "flags that are left" "--proxy-client-key-file=/nowhere" \
        "$(running_flags | grep -E 'requestheader|proxy-client' || true)"
    assert_exit 0 agg rollback --yes
    assert_aggregation
    assert_exit 0 agg init --yes
    assert_written 0 0
}
