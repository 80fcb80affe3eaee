#!/usr/bin/env bash
# pytest.sh PYTHON MARKS: tests, three at a time; those few that fail are run once more with the machine to themselves.
#
# Many measure sound or processes in real time. Where three of them share two cores the machine stands still for a moment now and
# then, and a call that stutters says nothing of Hotline. What fails alone too, or more than MOST at once, is an error. Each
# second run is named in the output.
set -euo pipefail
python=$1
marks=$2
most=${MOST:-12}
report=$(mktemp)
trap 'rm -f "$report"' EXIT

"$python" -m pytest -q -n 3 --dist loadfile -m "$marks" --junitxml="$report" </dev/null && exit 0
code=$?
[ "$code" = 1 ] || exit "$code"

mapfile -t failed < <("$python" - "$report" <<'P'
import sys
import xml.etree.ElementTree as tree

for case in tree.parse(sys.argv[1]).iter("testcase"):
    if case.find("failure") is not None or case.find("error") is not None:
        module, _, kind = case.get("classname").partition(".Test")
        print("::".join([module.replace(".", "/") + ".py", *(["Test" + kind] if kind else []), case.get("name")]))
P
)
if [ "${#failed[@]}" = 0 ] || [ "${#failed[@]}" -gt "$most" ]; then
	exit 1
fi
echo "once more, alone:"
printf '  %s\n' "${failed[@]}"
"$python" -m pytest -q "${failed[@]}" </dev/null
