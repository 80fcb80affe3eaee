"""Summaries of calls that go on: before the ring, at the end for the record, by a model where there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from ivr.call import Call
from ivr.dialplan import events as flow
from ivr.dialplan.loader import load
from ivr.session.summing import MOST, Summing, labels_of
from ivr.understanding.llm import Summaries
from telephony.fake import FakeLeg
from tests.unit.ivr.session.house import FLOW, House

HANDED = FLOW.replace(
    "  desk:\n    enqueue:", "  desk:\n    do: [{ handover: { summary: The flow wrote this. } }]\n    enqueue:"
)


@dataclass
class Model:
    """Writes at once, or when it is told to."""

    asked: list[str] = field(default_factory=list)
    waiting: list[Callable[[str, str], Any]] = field(default_factory=list)

    def write(self, call: Call, by_rule: str, rules: Any, written: Callable[[str, str], Any]) -> None:
        self.asked.append(by_rule)
        self.waiting.append(written)

    def write_later(self, call: Call, by_rule: str, rules: Any, written: Callable[[str, str], Any]) -> None:
        self.asked.append(by_rule)
        self.waiting.append(written)


async def queued(house: House, *agents: str) -> tuple[FakeLeg, str]:
    await house.open(*agents)
    leg, contact = house.call()
    await house.chooses(leg, "2")
    return leg, contact


async def test_an_agent_has_the_summary_before_the_ring_and_the_record_at_the_end(house: House) -> None:
    leg, contact = await queued(house, "anna")
    await house.until(lambda: len(house.talks))
    [shown, *_] = house.desk.of("present")
    assert shown["handover"]["summary"] == "Ann did not say what it is about. Asked for a person."
    leg.vanish()
    await house.over()
    row = await house.row(contact)
    assert "Outcome: anna took the call." in row["handover"]["summary"] and "summary_by" not in row["handover"]


async def test_what_the_flow_wrote_stays(house: House) -> None:
    house.services.flows.publish(load(HANDED))
    leg, contact = await queued(house, "anna")
    await house.until(lambda: len(house.talks))
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["handover"]["summary"] == "The flow wrote this."


async def test_a_model_words_it_while_the_caller_waits_and_is_named(house: House) -> None:
    model = Model()
    house.with_services(summaries=cast(Summaries, model))
    leg, contact = await queued(house)
    await house.until(lambda: model.waiting)
    assert "Ann" in model.asked[0]
    model.waiting[0]("Ann asks for a person.", "llm:small")
    session = house.switchboard.find(contact)
    assert session is not None
    assert session.call.handover == {**session.call.handover, "summary": "Ann asks for a person.", "summary_by": "llm:small"}
    await house.come("anna")
    await house.until(lambda: len(house.talks))
    assert house.desk.of("present")[0]["handover"]["summary_by"] == "llm:small"
    leg.vanish()
    await house.over()


async def test_a_model_may_better_the_record_of_a_call_that_is_over(house: House) -> None:
    model = Model()
    house.with_services(summaries=cast(Summaries, model))
    leg, contact = house.call()
    await house.playing(leg, "hello")
    leg.vanish()
    await house.over()
    assert "hung up in the menu" in (await house.row(contact))["handover"]["summary"]
    await model.waiting[-1]("Ann hung up at once.", "llm:small")
    handover = (await house.row(contact))["handover"]
    assert (handover["summary"], handover["summary_by"]) == ("Ann hung up at once.", "llm:small")


async def test_an_answer_that_comes_too_late_changes_nothing(house: House) -> None:
    model = Model()
    house.with_services(summaries=cast(Summaries, model))
    leg, contact = await queued(house)
    await house.until(lambda: model.waiting)
    leg.vanish()
    await house.over()
    model.waiting[0]("Late.", "llm:small")
    await asyncio.sleep(0)
    assert (await house.row(contact))["handover"]["summary"] != "Late."


def test_what_was_tried_is_known_by_how_it_came_out() -> None:
    summing = Summing()
    summing.asked(flow.Lookup(1, "crm", "find_orders", {}, 1.0))
    summing.asked(flow.OpenTicket(2, {}))
    summing.asked(flow.Enqueue("support", {}))
    summing.asked(flow.CountEdge("f", "s", "no_match:1", ""))
    summing.asked(flow.CountEdge("f", "s", "no_input:1", ""))
    summing.saw(flow.LookupEnded(1, "found"))
    summing.saw(flow.LookupEnded(1, "found"))
    summing.saw(flow.TaskEnded(2, "done", {"number": "T-000001"}))
    summing.saw(flow.QueueLeft("timeout"))
    summing.saw(flow.BridgeEnded("busy"))
    tried = [(one.what, one.name, one.outcome) for one in summing._tried]
    assert tried == [
        ("lookup", "find_orders", "found"),
        ("ticket", "T-000001", "done"),
        ("queue", "support", "timeout"),
        ("bridge", "", "busy"),
    ]
    for _ in range(200):
        summing.saw(flow.BridgeEnded("busy"))
    assert len(summing._tried) == MOST


def test_slots_are_called_what_the_flow_calls_them() -> None:
    made = load(
        """
flow: labels
languages: [zh, en]
defaults: { error: end, no_input: end, no_match: end }
states:
  main:
    collect:
      slots: { day: { ask: { zh: 哪天？, en: Which day? }, type: date, label: { zh: 日期, en: day } } }
    on: { done: end }
"""
    )
    assert labels_of(made, "zh") == {"day": "日期"} and labels_of(made, "fr") == {}
