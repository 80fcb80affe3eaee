"""An extra that is off by default: a language model behind an OpenAI-compatible endpoint words the summary.

It gets the text after everything private was taken out, has a few seconds, and is believed nothing: an answer that is empty,
too long, no prose, or has numbers that nobody named is thrown away, and the summary by rule stays. After `FAILURES` in a row it
is left alone for a while. What it wrote is marked with its name, always.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from ivr.call import Call, Speaker
from ivr.profile.breaker import Breaker
from ivr.understanding.redaction import Rules, redact

log = logging.getLogger(__name__)

LEAST, MOST = 10, 600
"""Characters of a summary that is taken."""
MOST_TURNS, MOST_TOLD = 60, 6000
MOST_ANSWER = 65_536
"""Octets of an answer that are read."""
AT_ONCE, MOST_WAITING = 4, 32
FAILURES, REST = 3, 60.0

_NUMBER = re.compile(r"\d{3,}")
_FENCE = re.compile(r"^[#>*`\-\s]+|[`*]+$", re.MULTILINE)
_SPEAKERS = {Speaker.CALLER: "Caller", Speaker.BOT: "Menu", Speaker.AGENT: "Agent"}
PROMPT = {
    "zh": (
        "你为呼叫中心坐席写来电摘要。用中文写两到三句话，共不超过一百五十字：谁来电、要办什么、"
        "已经做了什么、还有什么没解决、情绪如何。只写记录里有的内容，不要猜测，不要问候，不要列表。"
        "方括号里的内容是隐去的信息，照抄。"
    ),
    "en": (
        "You write summaries of calls for contact centre agents. Write two or three sentences, at most 80 words: "
        "who calls, what for, what was done, what is still open, the mood. Use only what the record says; "
        "no guesses, no greeting, no list. What stands in square brackets was taken out: copy it as it is."
    ),
}
Written = Callable[[str, str], Any]
"""Takes the summary and who wrote it, `llm:MODEL`."""


class Summaries:
    """One a node. `write` and `write_later` never block and never raise; what finds no room is not written."""

    def __init__(
        self, url: str, model: str, key: str = "", within: float = 5.0, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`url` is the base of the endpoint, as `http://127.0.0.1:8081/v1`."""
        self._url, self._model, self._within = url.rstrip("/"), model, within
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.AsyncClient(headers=headers, timeout=within, transport=transport, follow_redirects=False)
        self._breaker = Breaker(FAILURES, REST)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()
        self.written = self.refused = self.failed = 0
        """Summaries taken; answers thrown away; questions without an answer."""

    async def close(self) -> None:
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._client.aclose()

    def metrics(self) -> str:
        """Prometheus text."""
        found = {"written": self.written, "refused": self.refused, "failed": self.failed}
        return "".join(
            f"# TYPE hotline_llm_summaries_{name}_total counter\nhotline_llm_summaries_{name}_total {count}\n"
            for name, count in found.items()
        )

    def write(self, call: Call, by_rule: str, rules: Rules, written: Written) -> None:
        """Ask for a summary of a call that goes on; `written` hears of a good one, in the event loop."""
        self._start(self._run(call, by_rule, rules, written))

    def write_later(self, call: Call, by_rule: str, rules: Rules, written: Callable[[str, str], Awaitable[Any]]) -> None:
        """The same for a call that is over; `written` is awaited."""
        self._start(self._run(call, by_rule, rules, written))

    def _start(self, work: Any) -> None:
        if len(self._running) >= MOST_WAITING or self._breaker.closed_to(asyncio.get_running_loop().time()):
            work.close()
            return
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, call: Call, by_rule: str, rules: Rules, written: Written) -> None:
        try:
            async with self._room:
                text = await self.summarise(call, by_rule, rules)
            if text:
                done = written(text, f"llm:{self._model}")
                if asyncio.iscoroutine(done):
                    await done
        except Exception:
            log.exception("%s summary by %s", call.correlation, self._model)

    async def summarise(self, call: Call, by_rule: str, rules: Rules) -> str:
        """A summary that can be shown, or "". Never raises for what the far end does."""
        loop = asyncio.get_running_loop()
        if not self._breaker.admit(loop.time()):
            return ""
        told = record_of(call, by_rule, rules)
        try:
            async with asyncio.timeout(self._within):
                answer = await self._ask(call.language, told)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, LookupError, TypeError) as error:
            self._breaker.failed(loop.time())
            self.failed += 1
            log.warning("%s no summary by %s: %s", call.correlation, self._model, type(error).__name__)
            return ""
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        text = fit(answer, told, rules, call.language)
        self.written, self.refused = self.written + bool(text), self.refused + (not text)
        return text

    async def _ask(self, language: str, told: str) -> Any:
        """What the model says. Raises HTTPError, ValueError, LookupError and TypeError for anything but an answer."""
        messages = [
            {"role": "system", "content": PROMPT["zh" if language.startswith("zh") else "en"]},
            {"role": "user", "content": told},
        ]
        body = {"model": self._model, "messages": messages, "temperature": 0, "max_tokens": 300, "stream": False}
        async with self._client.stream("POST", f"{self._url}/chat/completions", json=body) as response:
            response.raise_for_status()
            data = b""
            async for piece in response.aiter_bytes():
                data += piece
                if len(data) > MOST_ANSWER:
                    raise ValueError("the answer is too long")
        return httpx.Response(200, content=data).json()["choices"][0]["message"]["content"]


def record_of(call: Call, by_rule: str, rules: Rules) -> str:
    """What the model is told of a call, with nothing private in it: the summary by rule, and the last turns."""
    lines = [f"{_SPEAKERS[turn.speaker]}: {turn.text}" for turn in call.turns[-MOST_TURNS:]]
    said = "\n".join(lines)[-MOST_TOLD:]
    return redact(f"{by_rule}\n\n{said}", rules, call.language)


def fit(answer: Any, told: str, rules: Rules, language: str) -> str:
    """The answer as it may be shown; "" where it is no summary, or names numbers that are not in what was told."""
    if not isinstance(answer, str):
        return ""
    text = " ".join(_FENCE.sub("", answer).split())
    if not LEAST <= len(text) <= MOST or not text.isprintable() or set(_NUMBER.findall(text)) - set(_NUMBER.findall(told)):
        return ""
    if language.startswith("zh") and not re.search(r"[\u4e00-\u9fff]", text):
        return ""
    return redact(text, rules, language)
