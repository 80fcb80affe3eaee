"""What a call came to: one JSON object for programs, a few lines for people, and a line that lives while it goes on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TextIO

from rich.console import Console
from rich.status import Status

from ivr.phone.measure import Heard


@dataclass(frozen=True, slots=True)
class Report:
    """One call."""

    target: str
    """Whom we called, or who called us."""
    state: str = "failed"
    """`answered`, or why not: `busy`, `declined`, `no_answer`, `cancelled`, `unreachable`, `media_lost`, `failed`."""
    status: str = ""
    """Status line of the far end, or what stood in the way."""
    alerting_ms: float | None = None
    """From dialling to the first ringing; null without any."""
    ring_ms: float | None = None
    """From the first ringing to the answer."""
    set_up_ms: float | None = None
    """From dialling, or from the INVITE that came, to the answer."""
    seconds: float = 0.0
    """From the answer to the end."""
    ended_by: str = ""
    """`us` or `far end`."""
    cause: str = ""
    codec: str = ""
    media: dict[str, Any] = field(default_factory=dict)
    """Packets, loss and jitter as the leg counts them, with units in the names."""
    heard: Heard | None = None
    digits: str = ""
    """Keys that the far end pressed."""
    sent: str = ""
    """Keys that we pressed."""
    recording: str = ""

    @property
    def answered(self) -> bool:
        return self.state == "answered"

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def to_text(self) -> str:
        """For people: what matters first."""
        lines = [f"{self.target}: {self.state}{f' ({self.status})' if self.status else ''}"]
        if self.answered:
            lines.append(
                f"  set-up {_ms(self.set_up_ms)}, talked {self.seconds:.1f} s, ended by {self.ended_by} ({self.cause})"
            )
            media = self.media
            lines.append(
                f"  {self.codec}: {media.get('packets_sent', 0)} packets sent, {media.get('packets_received', 0)} received, "
                f"{media.get('loss_percent', 0.0)} % lost, jitter {media.get('jitter_ms', 0.0)} ms"
            )
        if self.heard is not None:
            heard = self.heard
            tone = f", tone {heard.tone_hz:g} Hz" if heard.tone_share >= 0.5 else ""
            lines.append(
                f"  heard {heard.rms_dbfs} dBFS for {100 * heard.voiced_share:.0f} % of the time{tone}; "
                f"gaps p99 {heard.gap_p99_ms:g} ms, longest {heard.gap_max_ms:g} ms; continuity {100 * heard.continuity:.0f} %"
            )
        for what, text in (("keys received", self.digits), ("keys sent", self.sent), ("recorded to", self.recording)):
            if text:
                lines.append(f"  {what} {text}")
        return "\n".join(lines)

    def with_recording(self, path: str) -> Report:
        return replace(self, recording=path)


class Progress:
    """A line on a terminal that says what goes on; nothing where the output is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False)
        self._status: Status | None = None

    def say(self, text: str) -> None:
        if not self._console.is_terminal:
            return
        if self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(text)

    def stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"
