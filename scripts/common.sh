# Shared by the set-up scripts.
say() { printf 'setup: %s\n' "$1" >&2; }
fail() {
    printf 'setup: %s\n' "$1" >&2
    [ -n "${2:-}" ] && printf '       %s\n' "$2" >&2
    exit 1
}

# Says of a Python "optimised" or "plain" when it can run Vedette, nothing when it cannot. A build without profile-
# guided optimisation (pyenv's default) costs the recorder a tenth more processor time. The builds of distributions
# are optimised, and nothing in their sysconfig says so: they are known by living in /usr.
judge_python() {
    "$1" -c 'import sys, sysconfig
if sys.version_info >= (3, 11):
    told = sysconfig.get_config_var("CONFIG_ARGS") or ""
    print("optimised" if sys.base_prefix == "/usr" or "--enable-optimizations" in told else "plain")' 2>/dev/null
}

# PYTHON when it can be used, else the first optimised one, else the first that can be used.
find_python() {
    local candidate kind found=""
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 \
        /usr/bin/python3.11 /usr/bin/python3.12 /usr/bin/python3.13 /usr/bin/python3; do
        [ -n "$candidate" ] || continue
        kind=$(judge_python "$candidate") || continue
        [ -n "$kind" ] || continue
        [ -n "$found" ] || found=$candidate
        if [ "$kind" = optimised ] || [ "$candidate" = "${PYTHON:-}" ]; then
            found=$candidate
            break
        fi
    done
    [ -n "$found" ] && "$found" -c 'import sys; print(sys.executable)'
}

# make_venv DIR: with whichever Python has the module venv. Debian's has it in a package of its own.
make_venv() {
    local candidate
    for candidate in "$python" python3.11 python3.12 python3.13 python3; do
        rm -rf "$1"
        "$candidate" -m venv "$1" >/dev/null 2>&1 && return 0
    done
    rm -rf "$1"
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
