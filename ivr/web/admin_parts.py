"""What the admin API is made of, handed in by `ivr.app`. All answers are plain data, ready for JSON.

Errors everywhere: NotFound, Conflict with words for a person, `ivr.errors.Stale` where somebody else was first,
StoreUnavailable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ivr.dialplan.lint import Surroundings
from ivr.dialplan.machine import Machine
from ivr.dialplan.mocks import Feel, Understand, Wording
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.web.admin_work import run_here
from ivr.web.flow_desk import FlowDesk

Examine = Callable[[str, str], tuple[Flow | None, list[Problem]]]
"""(text, file) to the flow, None where it has an error, and every problem, as `ivr check` sees it. Never raises."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A recording as somebody brought it."""

    data: bytes
    trim: bool = True
    level: bool = True
    rate: int = 16_000
    source: str = "upload"
    """`upload` or `microphone`."""


class PromptDesk(Protocol):
    """The prompts library: `ivr.speech.shelf.PromptShelf`. Nothing of it may run on the event loop: every method blocks."""

    def prompts(self, values: bool = False) -> Sequence[Mapping[str, Any]]:
        """Every prompt with its texts and recordings; those of spoken values too where asked."""

    def prompt(self, name: str) -> Mapping[str, Any]:
        """One of them with its history."""

    def languages(self) -> Sequence[str]: ...

    def voices(self) -> Sequence[Mapping[str, Any]]:
        """`{language, name, model, licence}` of each voice that can render here."""

    def sound(self, name: str, language: str, version: str = "", rate: int = 0) -> bytes:
        """A WAV."""

    def put(self, name: str, language: str, upload: Upload, stamp: str | None, by: str) -> Mapping[str, Any]:
        """Take a recording of any format. The prompt."""

    def write(self, name: str, language: str, text: str, stamp: str, by: str) -> Mapping[str, Any]: ...

    def render(self, name: str, language: str, text: str, voice: str, stamp: str | None, by: str) -> Mapping[str, Any]: ...

    def remove(self, name: str, language: str, stamp: str | None, by: str) -> Mapping[str, Any]: ...

    def undo(self, name: str, language: str, version: str, stamp: str | None, by: str) -> Mapping[str, Any]: ...

    def preview(self, text: str, language: str) -> bytes:
        """A WAV."""


class FormDesk(Protocol):
    """Parts of the settings as forms: `ivr.forms.desk.FormDesk`. Every method blocks."""

    def parts(self) -> Sequence[Mapping[str, Any]]: ...

    def read(self, part: str) -> Mapping[str, Any]: ...

    def write(self, part: str, value: Any, stamp: str, by: str) -> Mapping[str, Any]: ...


class CountDesk(Protocol):
    """Live counts of all nodes: `ivr.nodes.tally.Counts`."""

    async def counts(self, flow: str, day: str = "") -> Mapping[str, Any]: ...


class AuditDesk(Protocol):
    async def note(self, by: str, address: str, what: str, subject: str, note: str = "") -> None: ...

    async def lines(self, limit: int) -> Sequence[Mapping[str, Any]]: ...


Names = Callable[[], Mapping[str, Any]]
"""What names may be written in a flow: `{queues, skills, flows, sources, hours, flags, values}`."""


@dataclass(frozen=True, slots=True)
class AdminParts:
    """Everything that the admin API needs; a part that is None answers 501."""

    examine: Examine
    around: Callable[[], Surroundings]
    """What exists beside the flows now."""
    files: Callable[[], Mapping[str, str]]
    """Live flow to its file: what a text may call."""
    names: Names
    prompts: PromptDesk
    audit: AuditDesk
    flows: FlowDesk | None = None
    forms: FormDesk | None = None
    counts: CountDesk | None = None
    machine: Callable[[Flow, Mapping[str, bool], Mapping[str, Any]], Machine] = lambda flow, flags, values: Machine(flow)
    """(flow, flags, values) to its machine in this server's environment."""
    understand: Understand | None = None
    """What a caller's words mean, for the simulator and tests."""
    feel: Feel | None = None
    """The mood in a caller's words, for the simulator."""
    wording: Callable[[], Wording] | None = None
    """The words of prompts and how long they take."""
    tests: CaseDesk | None = None
    bench: Callable[..., Any] = run_here
    """Runs a function with its arguments where it holds no call: `ivr.workbench.Workbench.run`. It blocks."""
    warm: Callable[[], None] = lambda: None
    """Told that somebody opened the pages: what will be needed may start."""
    languages: Sequence[str] = ()
    changed: Callable[[str, Mapping[str, Any]], None] = field(default=lambda kind, data: None)
    """Told of every change, for the other pages."""


class CaseDesk(Protocol):
    """The tests beside the flows. Every method blocks."""

    def read(self, flow: str) -> Mapping[str, Any] | None:
        """`{file, text, stamp}`, None where there is none."""

    def write(self, flow: str, text: str, stamp: str) -> Mapping[str, Any]:
        """`{stamp, problems}`. Raises Stale."""

    def run(self, flow: str, text: str, test: str) -> Mapping[str, Any]:
        """Run every case of `test` on the flow in `text`: as docs/admin-api.md says."""
