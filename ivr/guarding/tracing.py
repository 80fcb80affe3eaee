"""A call's messages for an operator, on whichever node or worker the call runs."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

from ivr.errors import IvrError, NotFound
from ivr.guarding.moments import iso
from telephony.sip.ladder import ladder
from telephony.sip.pcap import capture
from telephony.sip.trace import Trace, Traced, redacted

log = logging.getLogger(__name__)

MOST_CALLS = 500
ASK_SECONDS = 2.0
MOST_CAPTURED = 1 << 20
"""Octets of a capture file that another node sends."""


class Link(Protocol):
    """What of `ivr.nodes.link.NodeLink` is used here."""

    def serve(self, name: str, handler: Callable[[Mapping[str, Any]], Awaitable[Any]]) -> None: ...

    async def ask(self, node: str, name: str, data: Mapping[str, Any], seconds: float) -> Any: ...


class Tracing:
    """`call_id_of` gives the Call-ID of a contact and raises NotFound for none; `others` the other nodes that live."""

    def __init__(
        self,
        trace: Trace,
        node: str,
        call_id_of: Callable[[str], Awaitable[str]],
        link: Link | None = None,
        others: Callable[[], Awaitable[Iterable[str]]] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._trace = trace
        self._node = node
        self._call_id_of = call_id_of
        self._link = link
        self._others = others
        self._clock = clock
        self._wall = wall
        if link is not None:
            link.serve("sip_trace", self._asked)

    async def traced(self, call: str) -> dict[str, Any]:
        """The ladder of a call, by Call-ID or contact id. Raises NotFound."""
        return dict(await self._anywhere({"do": "ladder", "call": call}))

    async def capture(self, call: str, secrets: bool = False) -> bytes:
        """The call as a pcap file, without digest answers and SRTP keys unless `secrets`. Raises NotFound."""
        return base64.b64decode(await self._anywhere({"do": "capture", "call": call, "secrets": secrets}))

    async def traces(self) -> dict[str, Any]:
        """Calls of which something is kept, the latest first, and whether messages are kept here."""
        found = [self._listed(), *await self._of_others({"do": "list"})]
        calls = sorted((call for calls in found for call in calls), key=lambda call: str(call["at"]), reverse=True)
        return {"enabled": self._trace.enabled, "calls": calls[:MOST_CALLS]}

    async def switch_trace(self, enabled: bool) -> dict[str, Any]:
        """On every node."""
        self._switched(enabled)
        await self._of_others({"do": "switch", "enabled": enabled})
        return {"enabled": enabled}

    # Here and elsewhere

    async def _anywhere(self, question: Mapping[str, Any]) -> Any:
        if found := await self._here(question):
            return found
        for found in await self._of_others(question):
            if found:
                return found
        off = "" if self._trace.enabled else "; the trace is off: `ivr trace --on`"
        raise NotFound(f"no messages of '{question['call']}' are kept{off}")

    async def _of_others(self, question: Mapping[str, Any]) -> list[Any]:
        """What the other nodes answer; one that does not is left out."""
        if self._link is None or self._others is None:
            return []
        link = self._link
        nodes = sorted(set(await self._others()) - {self._node})
        asked = (link.ask(node, "sip_trace", question, ASK_SECONDS) for node in nodes)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, IvrError):
                raise answer
        return [answer for answer in answers if not isinstance(answer, BaseException)]

    async def _asked(self, question: Mapping[str, Any]) -> Any:
        """Answer another node."""
        answer = await self._here(question)
        return None if isinstance(answer, str) and len(answer) > MOST_CAPTURED else answer

    async def _here(self, question: Mapping[str, Any]) -> Any:
        """What this node knows; None where it knows nothing."""
        match question.get("do"):
            case "list":
                return self._listed()
            case "switch":
                return self._switched(bool(question.get("enabled")))
            case "ladder" | "capture" as what:
                call_id, messages = await self._messages(str(question.get("call")))
                if not messages:
                    return None
                return self._ladder(call_id, messages) if what == "ladder" else self._packed(messages, question)
        return None

    # What is kept here

    async def _messages(self, call: str) -> tuple[str, list[Traced]]:
        if messages := self._trace.of(call):
            return call, messages
        with contextlib.suppress(IvrError):
            call_id = await self._call_id_of(call)
            return call_id, self._trace.of(call_id)
        return call, []

    def _ladder(self, call_id: str, messages: list[Traced]) -> dict[str, Any]:
        rows = [
            {
                "at": self._iso(one.at),
                "after": round(rung.after, 6),
                "sent": rung.sent,
                "peer": rung.peer,
                "word": rung.word,
                "cseq": rung.cseq,
                "detail": rung.detail,
                "repeated": rung.repeated,
                "text": rung.text,
            }
            for one, rung in zip(messages, ladder(messages), strict=True)
        ]
        return {"call_id": _plain(call_id), "node": self._node, "messages": rows}

    def _packed(self, messages: list[Traced], question: Mapping[str, Any]) -> str:
        shown = messages if question.get("secrets") else [one._replace(data=redacted(one.data)) for one in messages]
        return base64.b64encode(capture(shown, self._wall() - self._clock())).decode()

    def _listed(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []
        for call_id, first, count in self._trace.calls():
            if len(calls) >= MOST_CALLS:
                break
            (rung,) = ladder([first])
            calls.append(
                {
                    "call_id": _plain(call_id),
                    "at": self._iso(first.at),
                    "messages": count,
                    "first": rung.word,
                    "peer": rung.peer,
                    "node": self._node,
                }
            )
        return calls

    def _switched(self, enabled: bool) -> bool:
        self._trace.enabled = enabled
        log.info("the trace of SIP messages is %s", "on" if enabled else "off")
        return enabled

    def _iso(self, at: float) -> str:
        return iso(at + self._wall() - self._clock())


def _plain(text: str) -> str:
    """Octets that were not UTF-8 become U+FFFD: JSON takes nothing else."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
