# Shared by the set-up scripts.
say() { printf 'setup: %s\n' "$1" >&2; }
fail() {
    printf 'setup: %s\n' "$1" >&2
    [ -n "${2:-}" ] && printf '       %s\n' "$2" >&2
    exit 1
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return 0
        fi
    done
    return 1
}

node_ok() {
    command -v npm >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null
}

# install_debian PACKAGE...: installs without starting any service; returns 1 where it cannot.
install_debian() {
    command -v apt-get >/dev/null || return 1
    local sudo=""
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        sudo="sudo -n"
    fi
    local policy=/usr/sbin/policy-rc.d made=""
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null && $sudo chmod +x $policy && made=1
    fi
    local rc=0 told
    told=$({ $sudo apt-get update -qq &&
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } 2>&1) ||
        { rc=1 && printf '%s\n' "$told" >&2; }
    [ -z "$made" ] || $sudo rm -f $policy
    return $rc
}

# need_debian WHAT PACKAGE...: installs or ends with the command to type.
need_debian() {
    local what=$1
    shift
    say "installing $what ($*)"
    install_debian "$@" || fail "$what is missing and cannot be installed from here." "sudo apt-get install $*"
}
