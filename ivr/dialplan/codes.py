"""The codes of `ivr check` with their meaning, an example and the cure. `python -m ivr.dialplan.codes > docs/check.md`"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

import yaml

HEADER = """# What `ivr check` finds

Every finding has a place (file:line:column), says what is wrong, names the nearest right thing and links to its code here. An
error refuses the flow: a running server keeps the one it has. A warning does not; `ivr check --strict` fails on it.

This page is made of `ivr/dialplan/codes.yaml`: `python -m ivr.dialplan.codes > docs/check.md`. Each example has exactly the
problem it stands under, which a test proves. What an example leaves out is

```yaml
flow: example
languages: [en]
defaults: { error: end, no_input: end, no_match: end }
states: { start: { hangup: normal } }
```
"""
_GIVEN = (
    ("flow", "flow: example"),
    ("languages", "languages: [en]"),
    ("defaults", "defaults: { error: end, no_input: end, no_match: end }"),
    ("states", "states: { start: { hangup: normal } }"),
)


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of problem."""

    name: str
    means: str
    cure: str
    severity: str = "error"
    of: str = "flow"
    """What has it: `flow`, `environment` or `folder`."""
    example: str | None = None
    whole: bool = False
    """Whether the example is the whole file as it stands."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Of a folder: file to text."""
    also: tuple[str, ...] = ()
    """Codes that the example has besides."""

    @property
    def text(self) -> str:
        """The example as a whole file."""
        example = self.example or ""
        if self.whole or self.of != "flow":
            return example
        begun = {line.partition(":")[0] for line in example.splitlines()}
        return "".join(f"{line}\n" for key, line in _GIVEN if key not in begun) + example


@lru_cache(maxsize=1)
def codes() -> Mapping[str, Code]:
    """All of them by name, in the order of the page."""
    text = resources.files("ivr.dialplan").joinpath("codes.yaml").read_text("utf-8")
    found = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {name: Code(name, **{**entry, "also": tuple(entry.get("also", ()))}) for name, entry in found.items()}


def page() -> str:
    """What docs/check.md holds."""
    return "\n".join([HEADER, *(_section(code) for code in codes().values())])


def _section(code: Code) -> str:
    sentence = code.means[0].upper() + code.means[1:]
    kind = "" if code.severity == "error" else " (a warning)"
    lines = [f"## {code.name}", "", f"{sentence}{kind}.", ""]
    for file, text in code.files.items():
        lines += ["```yaml", f"# {file}", text.rstrip(), "```", ""]
    if code.example:
        lines += ["```yaml", *(["# an environment file"] if code.of == "environment" else []), code.example.rstrip(), "```", ""]
    return "\n".join([*lines, f"Cure: {code.cure}.", ""])


if __name__ == "__main__":
    sys.stdout.write(page())
