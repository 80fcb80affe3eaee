"""What a flow sends for during a call: lookups, tickets, callbacks, notifications, surveys; stores that are away; hang-ups."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ivr.dialplan.events import Utterance, Words
from ivr.dialplan.loader import load
from ivr.errors import StoreUnavailable
from ivr.profile.answer import Answer
from ivr.speech.prompts import PromptLibrary
from telephony.fake import FakeLeg
from telephony.media.clip import Clip
from tests.unit.ivr.session.house import House

FLOW = """
flow: small
languages: [en]
defaults: { error: trouble, no_input: bye, no_match: bye }
states:
  main:
    wait: 60s
    on: { done: bye, "1": balance, "2": ticket, "3": recall, "4": desk, "5": survey }
  balance:
    lookup: { source: billing, get: balance, with: { number: "{caller.number}" }, within: 2s }
    on: { found: told, not_found: bye, "9": main, billing_down: down }
  told: { do: [{ say: { en: "It is {result.amount}." } }], wait: 60s, on: { done: bye } }
  down: { do: [{ say: { en: Later. } }], goto: main }
  ticket:
    ticket: { kind: fault, subject: "No line", fields: { wish: 1 } }
    on: { done: { say: { en: "Number {result.number}." }, to: recall } }
  recall:
    callback: { queue: support, window: 2h }
    on: { done: { say: { en: "{result.phone} by {result.number}." }, to: cancel } }
  cancel:
    do:
      - notify: { by: sms, to: "{caller.number}", text: { en: "Your number is {result.number}." } }
      - notify: { by: email, to: "{profile.mail}", text: Hello }
    http: { service: crm, post: "/orders/{caller.number}/cancel", json: { why: caller, n: 1 } }
    on: { found: main, not_found: main }
  desk:
    do: [{ handover: { note: Router is red., facts: { port: 7 } } }]
    wait: 10ms
    on: { done: desk2 }
  desk2:
    do: [{ handover: { note: Angry., summary: "Wants a {profile.wish}", facts: { port: 8 } } }]
    enqueue: { queue: support, need: { telecom: 2 } }
    on: { no_agents: bye, closed: bye, full: bye, served: survey }
  survey:
    survey:
      name: csat
      questions: [{ name: score, ask: { en: "1 to 5?" } }, { name: again, ask: { en: "Again?" }, scale: 3 }]
    on: { done: bye }
  trouble: { do: [{ say: { en: Trouble. } }], goto: main }
  bye: { hangup: normal }
"""


class ScriptedSources:
    """Sources that answer what a test says, once it says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()
        self.cancelled = 0

    async def get(self, source: str, operation: str, arguments: Mapping[str, Any], seconds: float) -> Answer:
        return await self._answer(source, operation, dict(arguments), seconds)

    async def request(self, service: str, method: str, path: str, body: Any, seconds: float) -> Answer:
        return await self._answer(service, method, path, body)

    async def _answer(self, *asked: Any) -> Answer:
        self.asked.append(asked)
        try:
            return await self.answers.get()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


class SpeakingLibrary(PromptLibrary):
    """Speaks every text."""

    def clips(self, utterances: Sequence[Utterance]) -> list[Clip]:
        return [Clip(Clip.silence(0.02).samples, self.text((one,))) for one in utterances]

    def pieces(self, utterances: Sequence[Utterance]) -> list[Clip | Words]:
        return [*self.clips(utterances)]


class AwayStore:
    async def open_ticket(self, request: str, row: Mapping[str, Any]) -> dict[str, Any]:
        raise StoreUnavailable("the database is away")

    async def schedule_callback(self, request: str, row: Mapping[str, Any]) -> dict[str, Any]:
        raise RuntimeError("a defect")


@pytest.fixture
def sources(house: House) -> ScriptedSources:
    scripted = ScriptedSources()
    house.services.flows.publish(load(FLOW))
    house.with_services(sources=scripted, prompts=SpeakingLibrary({}, ("en",)))
    return scripted


def words_of(house: House, contact: str) -> list[str]:
    session = house.switchboard.find(contact)
    return [turn.text for turn in session.call.turns] if session is not None else []


async def said(house: House, contact: str) -> list[str]:
    await house.over()
    return [turn["text"] for turn in (await house.row(contact))["turns"] if turn["speaker"] == "bot"]


async def begin(house: House, key: str) -> tuple[FakeLeg, str]:
    leg, contact = house.call()
    await house.until(lambda: leg.state.value == "up")
    leg.press(key)
    return leg, contact


async def test_a_lookup_is_asked_and_its_answer_told(house: House, sources: ScriptedSources) -> None:
    leg, contact = await begin(house, "1")
    await house.until(lambda: sources.asked)
    assert sources.asked == [("billing", "balance", {"number": "1001"}, 2.0)]
    sources.answers.put_nowait(Answer("found", {"amount": 12.5}))
    await house.until(lambda: "It is 12.5." in words_of(house, contact))
    leg.vanish()
    assert "It is 12.5." in await said(house, contact)


@pytest.mark.parametrize(("outcome", "words"), [("down", "Later."), ("error", "Trouble."), ("timeout", "Trouble.")])
async def test_a_source_that_fails_takes_its_edge(house: House, sources: ScriptedSources, outcome: str, words: str) -> None:
    leg, contact = await begin(house, "1")
    sources.answers.put_nowait(Answer(outcome, why="it is away"))
    await house.until(lambda: words in words_of(house, contact))
    leg.vanish()
    await house.over()


async def test_nobody_waits_for_the_answer_of_a_lookup_that_was_left(house: House, sources: ScriptedSources) -> None:
    leg, _ = await begin(house, "1")
    await house.until(lambda: sources.asked)
    leg.press("9")
    await house.until(lambda: sources.cancelled == 1)
    leg.press("1")
    await house.until(lambda: len(sources.asked) == 2)
    leg.vanish()
    await house.over()
    assert sources.cancelled == 2, "a hang-up cancels too"


async def test_a_ticket_a_callback_a_request_and_two_notices(house: House, sources: ScriptedSources) -> None:
    sources.answers.put_nowait(Answer("found"))
    leg, contact = await begin(house, "2")
    await house.says(leg, "Number T-000001.")
    await house.playing(leg, "1001 by C-000001.")
    await house.until(lambda: sources.asked)
    leg.play_out()
    assert sources.asked == [("crm", "POST", "/orders/1001/cancel", {"why": "caller", "n": 1})]
    leg.vanish()
    assert await said(house, contact) == ["Number T-000001.", "1001 by C-000001."]
    await house.late.drain()
    [ticket], [callback] = await house.shelves.tickets.list(), await house.shelves.callbacks.list()
    assert (ticket["subject"], ticket["contact_id"], ticket["fields"]) == ("No line", contact, {"wish": 1})
    assert (callback["number"], callback["queue"], callback["status"]) == ("1001", "support", "promised")
    notices = {row["by"]: row for row in await house.shelves.notifications.list()}
    assert (notices["sms"]["recipient"], notices["sms"]["text"]) == ("1001", "Your number is C-000001.")
    assert notices["sms"]["status"] == "waiting"
    assert (notices["email"]["status"], notices["email"]["reason"]) == ("failed", "there is nobody to send it to")


@pytest.mark.parametrize("key", ["2", "3"])
async def test_a_store_that_is_away_is_an_error_and_the_call_goes_on(house: House, sources: ScriptedSources, key: str) -> None:
    house.with_services(followups=AwayStore())
    leg, contact = await begin(house, key)
    await house.until(lambda: "Trouble." in words_of(house, contact))
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["disposition"] == "left_flow"


async def test_a_node_without_a_store_says_so(house: House, sources: ScriptedSources, caplog: pytest.LogCaptureFixture) -> None:
    house.with_services(followups=None, late=None)
    leg, contact = await begin(house, "2")
    await house.until(lambda: "Trouble." in words_of(house, contact))
    leg.press("5")
    await house.until(lambda: "1 to 5?" in words_of(house, contact))
    leg.press("5")
    leg.vanish()
    await house.over()
    assert "no store for it" in caplog.text and "no store for surveys" in caplog.text


async def test_a_survey_is_kept_whole_or_as_far_as_it_came(house: House, sources: ScriptedSources) -> None:
    leg, _ = await begin(house, "5")
    await house.until(lambda: leg.playing)
    leg.press("4")
    leg.press("2")
    await house.over()
    other = FakeLeg("other")
    house.call(other)
    await house.until(lambda: other.state.value == "up")
    other.press("5")
    other.press("1")
    other.vanish()
    await house.over()
    await house.late.drain()
    rows = {row["score"]: row["answers"] for row in await house.shelves.surveys.list(name="csat")}
    assert rows == {4.0: {"score": 4, "again": 2}, 1.0: {"score": 1}}


async def test_what_is_handed_over_is_seen_at_the_desk_and_in_the_record(house: House, sources: ScriptedSources) -> None:
    await house.open("anna")
    leg, contact = await begin(house, "4")
    await house.until(lambda: len(house.talks))
    [shown, *_] = house.desk.of("present")
    assert shown["handover"] == {"note": "Router is red.\nAngry.", "summary": "Wants a ", "facts": {"port": 8}}
    house.desk.legs[-1].vanish()
    await house.until(lambda: "1 to 5?" in words_of(house, contact))
    leg.press("5")
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["handover"]["facts"] == {"port": 8}
    await house.late.drain()
    [survey] = await house.shelves.surveys.list()
    assert survey["agent_id"] == "anna", "whom the caller judges"
