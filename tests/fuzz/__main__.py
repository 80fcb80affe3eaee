"""Fuzz every target, one after the other: `python -m tests.fuzz [--seconds 30] [--keep] [NAME ...]`.

What reaches new code goes to `.fuzz/NAME`; `--keep` takes the smallest of it into `tests/fuzz/corpus`.
A finding is written to `.fuzz/findings` and ends the run with status 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.targets import MAX_LEN, TARGETS

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parent / "corpus"
WORK = ROOT / ".fuzz"
LONGEST_INPUT = 5
"""Seconds for one input, after which it counts as a finding; memory is bounded to 1 GB."""
MOST_KEPT, LARGEST_KEPT = 40, 600
"""Inputs of one run and octets of each that `--keep` takes."""
_STATUS = re.compile(r"#(\d+)\s+(\w+)\s+cov: (\d+).*corp: (\d+).*exec/s: (\d+)")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--seconds", type=int, default=30, help="for each target (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="take the smallest new inputs into tests/fuzz/corpus")
    args = parser.parse_args()
    if unknown := set(args.names) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if importlib.util.find_spec("atheris") is None:
        print("fuzzing needs atheris: .venv/bin/pip install -e '.[fuzz]' (CPython on Linux)", file=sys.stderr)
        return 1
    (WORK / "findings").mkdir(parents=True, exist_ok=True)
    names = args.names or list(TARGETS)
    bad = [name for number, name in enumerate(names, 1) if not fuzz(name, args.seconds, f"{number}/{len(names)}")]
    if args.keep:
        for name in names:
            keep(name)
    print(
        f"{len(names) - len(bad)} of {len(names)} targets without a finding" + (f"; look into {WORK}/findings" if bad else "")
    )
    return 1 if bad else 0


def fuzz(name: str, seconds: int, place: str) -> bool:
    """Run one target with a progress line. False where something was found."""
    fresh, kept = WORK / name, CORPUS / name
    for folder in (fresh, kept):
        folder.mkdir(parents=True, exist_ok=True)
    dictionary = WORK / f"{name}.dict"
    dictionary.write_text("".join(f'"{_escaped(word)}"\n' for word in TARGETS[name].sentences), "ascii")
    command = [sys.executable, "-m", "tests.fuzz.harness", name, f"-max_total_time={seconds}", f"-max_len={MAX_LEN}"]
    command += [f"-timeout={LONGEST_INPUT}", "-rss_limit_mb=1024", f"-dict={dictionary}", "-print_final_stats=1"]
    command += [f"-artifact_prefix={WORK}/findings/{name}-", str(fresh), str(kept)]
    last, lines = "", []
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        begin = time.monotonic()
        for line in process.stderr:
            lines.append(line)
            del lines[:-60]
            if found := _STATUS.match(line):
                last = f"{int(found[1]):,} runs, {found[3]} branches, {found[4]} inputs, {found[5]} a second"
                left = max(0, seconds - round(time.monotonic() - begin))
                if sys.stderr.isatty():
                    sys.stderr.write(f"\r{place} {name}: {last}, {left} s left ")
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    print(f"{place} {name}: {last or 'no status'}{'' if process.returncode == 0 else ' - FOUND SOMETHING'}", flush=True)
    if process.returncode:
        print("".join(lines), file=sys.stderr)
    return process.returncode == 0


def keep(name: str) -> None:
    """Take into the corpus the smallest of what reached new code."""
    fresh = sorted((path for path in (WORK / name).iterdir() if path.stat().st_size <= LARGEST_KEPT), key=_size)
    for path in fresh[:MOST_KEPT]:
        shutil.copyfile(path, CORPUS / name / path.name[:12])
    print(f"{name}: {len(list((CORPUS / name).iterdir()))} inputs kept")


def _size(path: Path) -> tuple[int, str]:
    return path.stat().st_size, path.name


def _escaped(word: bytes) -> str:
    return "".join(chr(octet) if 32 <= octet < 127 and octet not in b'"\\' else f"\\x{octet:02x}" for octet in word)


if __name__ == "__main__":
    sys.exit(main())
