// SPDX-License-Identifier: Apache-2.0

/// The shell texts that run on a node for as long as its ssh connection lasts: POSIX sh with coreutils and util-linux.
///
/// They are fixed, and have no single quote, so that they can be given to the login shell between two of them. All data
/// goes over standard input, an argument a line; what is written is base64 on one line.
enum AgentScript {
    /// Stands alone on a line before the first reply: whatever a login shell prints comes before it.
    static let greeting = "aggbootstrap agent 1"
    static let streamGreeting = "aggbootstrap stream 1"
    static let lockGreeting = "aggbootstrap lock 1"

    /// Where a node's lock lies: gone after a reboot, as everything is that held it.
    static let lockDirectory = "/run/aggbootstrap-node"

    /// Reads a request, does it, replies `WORD LENGTH ERRORS`, a line feed and LENGTH bytes, the last ERRORS of which were
    /// written to standard error; again until standard input ends.
    ///
    /// The words: `ok`, `no` with what the failed program said, `lost` where the lock is no longer ours, and `xN` for the
    /// exit status N of a program that was run. A change holds the file `ops` while it is made, and the one who takes the
    /// lock over holds it too before it writes its name: so no change is made for a previous holder.
    ///
    /// `put` and `copy` write all of their files before they sync the first, and say on the first line which one could not be
    /// written; `move` and `makedirs` sync each directory once. With `nocache` the kernel begins to write what `sync` waits for.
    ///
    /// `capture` runs a command and sets `status`, `out` (what it wrote, its standard error behind its standard output) and
    /// `errors` (the length of the standard error): a warning must never be read as data.
    static let agent = #"""
        set -u
        LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        export LC_ALL PATH
        umask 077
        cd /
        trap "" HUP PIPE INT TERM QUIT
        token=
        nl="
        "
        reply() { printf "%s %s %s\n%s" "$1" "${#2}" "${3:-0}" "$2"; }
        arg() { IFS= read -r "$1" || exit 0; }
        capture() {
            out=$(
                {
                    err=$("$@" 2>&1 >&3 3>&- </dev/null)
                    printf "%s\n%s %s" "$err" "$?" "${#err}"
                } 3>&1
            )
            errors=${out##*"$nl"}
            status=${errors% *}
            errors=${errors#* }
            out=${out%"$nl"*}
        }
        try() { capture "$@"; if [ "$status" = 0 ]; then reply ok "$out" "$errors"; else reply no "$out" "$errors"; fi; }
        locked() {
            [ -n "$token" ] || exit 90
            exec 8>>/run/aggbootstrap-node/ops || exit 1
            flock 8 || exit 1
            [ "$(head -n 1 /run/aggbootstrap-node/owner 2>/dev/null)" = "$token" ] || exit 90
            "$@"
        }
        change() {
            capture locked "$@"
            case $status in 0) reply ok "$out" "$errors" ;; 90) reply lost "" ;; *) reply no "$out" "$errors" ;; esac
        }
        get() {
            if [ -f "$1" ]; then
                { head -c "$2" -- "$1" 2>/dev/null && printf + || printf -; } | base64 -w 0
            else
                stat -L -c %F -- "$1"
                return 1
            fi
        }
        contents() {
            n=$1 files=
            shift
            IFS=$nl
            set -f
            while [ "$n" -gt 0 ]; do files=$files$nl$1; shift; n=$((n - 1)); done
            [ -z "$files" ] || cat -- $files | base64 -w 0
            echo
            [ -z "$files" ] || stat -c "%f %u %g %s %i %d %h %.9Y %n" -- $files || return
            [ $# = 0 ] || sha256sum -- "$@"
        }
        write() {
            rm -f -- "$1" && (set -C; : >"$1") && { [ "$3" = - ] || chown -- "$3" "$1"; } && chmod -- "$2" "$1"
        }
        pour() { dd bs=64K conv=notrunc oflag=nocache status=none "$@"; }
        drop() { [ -z "$files" ] || rm -f -- $files; return 1; }
        settle() {
            [ -z "$files" ] || sync -- $files || return
            for check in $checks; do
                rest=${check#* } path=${check#* * }
                [ "$(stat -c %s -- "$path")" = "${check%% *}" ] && sum=$(sha256sum <"$path") &&
                    [ "${sum%% *}" = "${rest%% *}" ] && continue
                printf "%s\n%s\n" "$path" "what was read back is not what was written"
                return 1
            done
        }
        put() {
            IFS=$nl files= checks=
            set -f
            while [ $# -gt 0 ]; do
                files=$files$nl$1 checks="$checks$nl$4 $5 $1"
                if ! { write "$1" "$2" "$3" && printf %s "$6" | base64 -d | pour of="$1"; }; then
                    echo "$1"
                    drop
                    return
                fi
                shift 6
            done
            settle || drop
        }
        digest() {
            if [ -f "$1" ]; then
                sum=$(sha256sum <"$1") || return
                echo "${sum%% *}"
            else
                stat -L -c %F -- "$1"
                return 1
            fi
        }
        copy() {
            IFS=$nl files= checks= said=
            set -f
            while [ $# -gt 0 ]; do
                if [ ! -e "$1" ]; then
                    said=$said$nl-
                elif [ ! -f "$1" ]; then
                    echo "$1"
                    stat -L -c %F -- "$1"
                    drop
                    return
                else
                    files=$files$nl$2
                    if ! { write "$2" "$3" "$4" && pour if="$1" of="$2" && size=$(stat -L -c %s -- "$1") &&
                        sum=$(sha256sum <"$1"); }; then
                        echo "$2"
                        drop
                        return
                    fi
                    said="$said$nl$size ${sum%% *}" checks="$checks$nl$size ${sum%% *} $2"
                fi
                shift 4
            done
            settle && echo "$said" || drop
        }
        note() { case "$dirs$nl" in *"$nl$1$nl"*) ;; *) dirs=$dirs$nl$1 ;; esac; }
        finish() {
            IFS=$nl
            set -f
            [ -z "$dirs" ] || sync -- $dirs
        }
        move() {
            n=$1 dirs=
            shift
            while [ "$n" -gt 0 ]; do
                mv -f -T -- "$1" "$2" || return
                d=${2%/*}
                note "${d:-/}"
                shift 2
                n=$((n - 1))
            done
            for p; do
                rm -f -- "$p" || return
                d=${p%/*}
                [ ! -d "${d:-/}" ] || note "${d:-/}"
            done
            finish
        }
        makedir() {
            [ -d "$1" ] && return
            case ${1%/*} in "") ;; *) makedir "${1%/*}" "$2" || return ;; esac
            mkdir -m "$2" -- "$1" || [ -d "$1" ] || return
            d=${1%/*}
            note "${d:-/}"
        }
        makedirs() {
            m=$1 dirs=
            shift
            for p; do makedir "$p" "$m" || return; done
            finish
        }
        renamedir() {
            if [ -e "$2" ] || [ -L "$2" ]; then echo "$2 is there already"; return 1; fi
            mv -T -- "$1" "$2" && sync -- "${1%/*}" "${2%/*}"
        }
        rmempty() {
            [ -d "$1" ] || return 0
            out=$(rmdir --ignore-fail-on-non-empty -- "$1" 2>&1) && return
            case $out in *": Device or resource busy") return 0 ;; esac
            echo "$out"
            return 1
        }
        printf "\n%s\n" "aggbootstrap agent 1"
        while IFS= read -r op; do
            case $op in
            stat) arg p; try stat -c "%f %u %g %s %i %d %h" -- "$p" ;;
            follow) arg p; try readlink -m -- "$p" ;;
            get) arg p; arg n; try get "$p" "$n" ;;
            digest) arg p; try digest "$p" ;;
            list) arg p; try ls -A1 -- "$p" ;;
            stats | contents)
                arg n; set --; while [ "$n" -gt 0 ]; do arg a; set -- "$@" "$a"; n=$((n - 1)); done
                case $op in
                stats) try stat -c "%f %u %g %s %i %d %h %.9Y %n" -- "$@" ;;
                *) try contents "$@" ;;
                esac ;;
            lists) arg n; set --; while [ "$n" -gt 0 ]; do arg a; set -- "$@" "$a"; n=$((n - 1)); done; try ls -A1 -- "$@" ;;
            passwd | group) arg p; try getent "$op" "$p" ;;
            clock) try date +%s ;;
            token) arg token; reply ok "" ;;
            put | copy | move | makedirs)
                arg n; set --; while [ "$n" -gt 0 ]; do arg a; set -- "$@" "$a"; n=$((n - 1)); done
                change "$op" "$@"; a=; set -- ;;
            renamedir) arg p; arg a; change renamedir "$p" "$a" ;;
            rm) arg p; change rm -f -- "$p" ;;
            rmtree) arg p; change rm -rf --one-file-system -- "$p" ;;
            rmempty) arg p; change rmempty "$p" ;;
            owned) change : ;;
            run) arg n; set --; while [ "$n" -gt 0 ]; do arg a; set -- "$@" "$a"; n=$((n - 1)); done
                capture timeout "$@"; reply "x$status" "$out" "$errors" ;;
            *) reply no "no such request" ;;
            esac
        done
        """#

    /// Takes the node's lock for the caller that sends a token and a name, a line each, and keeps it while a byte comes at least
    /// every 20 seconds: a link that is cut must not keep everybody else out.
    static let lock = #"""
        set -u
        LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        export LC_ALL PATH
        umask 022
        IFS= read -r token || exit 0
        IFS= read -r who || exit 0
        d=/run/aggbootstrap-node
        printf "\n%s\n" "aggbootstrap lock 1"
        if ! mkdir -p -m 755 $d || ! exec 9>>$d/lock; then echo failed; exit 0; fi
        if ! flock -n 9; then printf "taken %s\n" "$(sed -n 2p $d/owner 2>/dev/null)"; exit 0; fi
        exec 8>>$d/ops
        flock 8
        printf "%s\n%s\n" "$token" "$who" >$d/owner.new && mv -f -T $d/owner.new $d/owner || { echo failed; exit 0; }
        flock -u 8
        echo held
        while [ -n "$(timeout 20 head -c 1 8>&- 9>&-)" ]; do :; done
        flock 8
        [ "$(head -n 1 $d/owner)" = "$token" ] && rm -f $d/owner
        """#

    /// The line that carries systemd's bus, after a greeting.
    static let bus = #"printf "\n%s\n" "aggbootstrap stream 1"; exec systemd-stdio-bridge"#
}
