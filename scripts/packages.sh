#!/usr/bin/env bash
# packages.sh NAME=CHECK...: make sure that Debian packages are there.
# CHECK is a shell command that succeeds where the package (or something in its place) is present. As root what is missing is
# installed; otherwise one line names all of it, and the exit status is 1.
set -euo pipefail

missing=()
for pair in "$@"; do
    sh -c "${pair#*=}" >/dev/null 2>&1 </dev/null || missing+=("${pair%%=*}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "hotline: missing packages; as root run: apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "installing Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    echo "hotline: apt-get could not install: ${missing[*]}" >&2
    exit 1
fi
