# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# The commands of docs/tutorial/live.md, taken from the page and run in its order on three control planes; the questions are answered on a terminal.
story() {
    local block=0 number
    use_fast_poll
    cluster_up 3
    operator_up 3
    kubeconfig 3
    tutorial_blocks "$HERE/../../docs/tutorial/live.md" "$LAB/tutorial"
    number=$(find "$LAB/tutorial" -name '*.sh' | wc -l)
    [ "$number" -ge 8 ] || fail "the page has blocks of commands: $number"
    mkdir "$OPERATOR/tutorial"
    while [ $block -lt "$number" ]; do
        assert_exit 0 tutorial_run "$LAB/tutorial/$block.sh"
        after_block "$(cat "$LAB/tutorial/$block.sh")"
        block=$((block + 1))
    done
    [ -n "${IS_TURNED_ON:-}" ] && [ -n "${IS_REPLACED:-}" ] || fail "the page turns the layer on and replaces the CA"
    on_each 3 assert_no_layer
}

# What is true after some of the blocks, seen from outside.
after_block() {
    case $1 in
    *"aggbootstrap init "*)
        IS_TURNED_ON=1
        on_each 3 assert_aggregation
        ;;
    *"aggbootstrap rollback "*) on_each 3 assert_aggregation ;;
    *"--ca --dry-run"*)
        IS_REPLACED=1
        assert_contains "done: the CA is replaced"
        on_each 3 assert_aggregation
        ;;
    *"aggbootstrap rotate "*) on_each 3 keep_front_proxy old ;;
    esac
}

assert_no_layer() {
    ! running_flags | grep -qE '^--(requestheader|proxy-client)' || fail "node $NODE runs without the flags"
    [ ! -e "$(node_root)$NODE_CERTIFICATES/aggregator-key.pem" ] || fail "node $NODE has no proxy client's key"
}

# tutorial_blocks PAGE DIRECTORY: each block of commands is a script there; the page's addresses and paths are the lab's.
tutorial_blocks() {
    mkdir "$2"
    python3 - "$1" "$2" "$OPERATOR/ssh_config" "$LAB/kubeconfig" "$(lab_address 1)" "$(lab_address 2)" "$(lab_address 3)" <<'P'
import re, sys
page, directory, ssh_config, kubeconfig, *addresses = sys.argv[1:]
text = open(page).read()
for number, block in enumerate(re.findall(r"(?m)^```sh\n((?:.*\n)*?)```$", text)):
    for node, address in enumerate(addresses, 1):
        block = block.replace(f'"192.0.2.{node}"', f'"{address}"')
    block = block.replace('"user": "root"', f'"user": "root", "configFile": "{ssh_config}"')
    block = block.replace('"/etc/kubernetes/admin.conf"', f'"{kubeconfig}"')
    open(f"{directory}/{number}.sh", "w").write("set -e\n" + block)
P
}

# tutorial_run SCRIPT: on a terminal where each question gets a `y`, with the program on the PATH as on an operator's machine.
tutorial_run() {
    ln -sf "$AGGBOOTSTRAP" "$OPERATOR/aggbootstrap"
    outside env -i -C "$OPERATOR/tutorial" PATH="$OPERATOR:$OPERATOR_PATH" HOME="$OPERATOR" TERM=xterm NO_COLOR=1 python3 -c '
import os, pty, sys
def read(terminal):
    data = os.read(terminal, 65536)
    if b"[y/N] " in data:
        os.write(terminal, b"y\n")
    return data
sys.exit(os.waitstatus_to_exitcode(pty.spawn(["bash", sys.argv[1]], read)))' "$1" </dev/null
}
