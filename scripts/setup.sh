#!/usr/bin/env bash
# Sets everything up for `make run`: the Python environment in .venv and the built console.
# Installs Debian packages that are missing when it may (root), otherwise says which command does.
# Nothing is fetched from anywhere but the package registries. Quick when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

python=$(find_python) || fail "Python 3.11 or newer is needed." "sudo apt-get install python3 python3-venv"
node_ok || need_debian "Node.js 20 or newer" nodejs npm
node_ok || fail "Node.js 20 or newer with npm is needed to build the console; found: $(node --version 2>&1 || true)" \
    "Install Node.js 20 from your distribution, then run make again."

mkdir -p .cache
if ! .cache/uv/bin/uv --version >/dev/null 2>&1; then
    say "installing uv"
    if ! make_venv .cache/uv; then
        need_debian "the Python module venv" "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
        "$python" -m venv .cache/uv
    fi
    .cache/uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'
fi

wanted=$(cat pyproject.toml uv.lock | sha256sum; "$python" -c 'import sys; print(sys.executable, sys.version)')
if [ "$wanted" != "$(cat .cache/python.stamp 2>/dev/null)" ] || ! .venv/bin/python -c '' 2>/dev/null; then
    say "installing the Python environment into .venv"
    rm -f .cache/python.stamp # an interrupted installation is done again
    UV_PYTHON="$python" .cache/uv/bin/uv sync --frozen --compile-bytecode --quiet
    printf '%s\n' "$wanted" >.cache/python.stamp
fi

wanted=$(cat console/package-lock.json console/package.json | sha256sum)
if [ "$wanted" != "$(cat .cache/node.stamp 2>/dev/null)" ] || [ ! -d console/node_modules ]; then
    say "installing the console's packages"
    (cd console && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    echo "$wanted" >.cache/node.stamp
fi

# By find, not by git: an unpacked archive, or a clone that another user made, is set up as well.
wanted=$(find console src/vedette/vision/weights/enhance -name node_modules -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | sha256sum)
if [ "$wanted" != "$(cat .cache/console.stamp 2>/dev/null)" ] || [ ! -f src/vedette/api/static/index.html ]; then
    say "building the console"
    (cd console && VITE_CONFIG_NATIVE_IGNORE_WARNING=true npm run --silent build -- --logLevel warn)
    echo "$wanted" >.cache/console.stamp
fi

if ! .venv/bin/python -c 'import sys; from vedette.runtime.native import is_compiled; sys.exit(not is_compiled())'; then
    say "compiling what every packet passes, and networks in integers"
    .venv/bin/python scripts/compile_native.py >.cache/native.log 2>&1 ||
        say "not compiled, so recording, super-resolution and classifiers take more processor time; $(tail -n 1 .cache/native.log)"
fi
