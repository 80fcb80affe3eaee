from __future__ import annotations

import asyncio
import json

import pytest
from websockets.exceptions import InvalidStatus

from ivr.acd.desk import RingOutcome
from ivr.errors import NotFound
from ivr.web import page_socket
from ivr.web.desk import NO_AGENT
from ivr.web.desk_commands import MOST_OPENING
from telephony.errors import TransportError
from telephony.leg import EndCause, LegState
from tests.unit.ivr.web.conftest import CONTACT, StartWeb, Web, until


async def test_nobody_opens_a_desk_without_signing_in_or_from_another_site(web: Web) -> None:
    for headers in (
        {},
        {"cookie": "hotline_session=" + "x" * 40},
        {"cookie": await web.cookie("boss")},
        {"cookie": await web.cookie(), "origin": "https://evil.example"},
    ):
        with pytest.raises(InvalidStatus) as refused:
            await web.socket("/ws/desk", **headers)
        assert refused.value.response.status_code == 403
    assert web.hub.online == ()


async def test_fresh_page_gets_its_snapshot(web: Web) -> None:
    page = await web.desk()
    snapshot = await page.next()
    assert snapshot["type"] == "snapshot"
    assert snapshot["data"]["agent"]["name"] == "Wang Fang"
    assert snapshot["data"]["queues"][0]["name"] == "support"
    assert snapshot["data"]["settings"]["dispositions"] == ["solved"]
    assert web.hub.online == ("wang",)


async def test_a_senior_agent_has_a_desk(web: Web) -> None:
    await web.desk("mei")
    assert web.hub.online == ("mei",)


async def test_who_is_none_of_the_agents_is_told_so_for_good(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(agent_id: str) -> None:
        raise NotFound(f"there is no agent {agent_id}")

    monkeypatch.setattr(web.actions, "page_opened", nobody)
    page = await web.socket("/ws/desk", cookie=await web.cookie())
    await page.send("resume", {"seq": 0})
    assert await page.closed() == (NO_AGENT, "no agent")


async def test_an_agent_whom_redis_has_lost_tries_again(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(agent_id: str) -> None:
        raise NotFound(f"there is no agent {agent_id}")

    await web.desk()
    monkeypatch.setattr(web.actions, "page_opened", lost)
    page = await web.socket("/ws/desk", cookie=await web.cookie())
    await page.send("resume", {"seq": 0})
    assert await page.closed() == (1013, "try again")


async def test_transcript_is_on_the_screen_before_the_ring(web: Web) -> None:
    page = await web.desk()
    presenting = asyncio.create_task(web.hub.present("wang", {**CONTACT, "turns": [{"text": "查账单"}]}))
    contact = await page.next("contact")
    assert contact["data"]["turns"] == [{"text": "查账单"}]
    assert not presenting.done()
    await page.send("shown", {"contact_id": "c-1"})
    assert await presenting is True
    ringing = asyncio.create_task(web.hub.ring("wang", "c-1", 20.0))
    ring = await page.next("ring")
    assert ring["seq"] == contact["seq"] + 1
    assert (await page.request("accept", {"contact_id": "c-1"})) == {"id": "c1", "ok": True}
    assert await ringing is RingOutcome.ACCEPTED
    assert (await page.next("ring_stopped"))["data"] == {"contact_id": "c-1", "reason": "accepted"}
    late = await page.request("accept", {"contact_id": "c-1"})
    assert late == {"id": "c1", "ok": False, "error": "this call is no longer ringing here"}


async def test_page_that_never_confirms_is_rung_all_the_same(start_web: StartWeb) -> None:
    web = await start_web(shown_seconds=0.05)
    await (await web.desk()).next("snapshot")
    assert await web.hub.present("wang", CONTACT) is True


async def test_page_that_is_just_reloading_has_the_contact_when_it_is_back(web: Web) -> None:
    page = await web.desk()
    await page.socket.close()
    await until(lambda: web.hub.online == ())
    presenting = asyncio.create_task(web.hub.present("wang", CONTACT))
    again = await web.desk()
    assert (await again.next("snapshot"))["data"]["contact"]["id"] == "c-1"
    await again.send("shown", {"contact_id": "c-1"})
    assert await presenting is True


async def test_caller_who_leaves_before_the_ring_leaves_the_desk(web: Web) -> None:
    page = await web.desk()
    presenting = asyncio.create_task(web.hub.present("wang", CONTACT))
    await page.next("contact")
    presenting.cancel()
    assert (await page.next("ring_stopped"))["data"] == {"contact_id": "c-1", "reason": "caller_left"}
    assert (await (await web.desk()).next("snapshot"))["data"]["contact"] is None


async def test_ring_ends_by_decline_by_time_and_by_cancelling(web: Web) -> None:
    page = await web.desk()
    await page.next("snapshot")
    ringing = asyncio.create_task(web.hub.ring("wang", "c-1", 20.0))
    await page.next("ring")
    await page.send("decline", {"contact_id": "c-1"})
    assert await ringing is RingOutcome.DECLINED
    assert (await page.next("ring_stopped"))["data"]["reason"] == "declined"
    assert await web.hub.ring("wang", "c-2", 0.05) is RingOutcome.NO_ANSWER
    assert (await page.next("ring_stopped"))["data"]["reason"] == "no_answer"
    ringing = asyncio.create_task(web.hub.ring("wang", "c-3", 20.0))
    await page.next("ring")
    ringing.cancel()
    assert (await page.next("ring_stopped"))["data"]["reason"] == "caller_left"


async def test_page_that_dies_while_ringing_is_gone(start_web: StartWeb) -> None:
    web = await start_web(grace=0.1)
    page = await web.desk()
    ringing = asyncio.create_task(web.hub.ring("wang", "c-1", 20.0)) if await page.next() else None
    assert ringing is not None
    await page.next("ring")
    page.socket.transport.abort()
    assert await ringing is RingOutcome.GONE
    await until(lambda: ("page_closed", "wang") in web.actions.done)
    assert await web.hub.present("wang", CONTACT) is False
    assert await web.hub.ring("wang", "c-1", 20.0) is RingOutcome.GONE


async def test_reloaded_page_goes_on_ringing(web: Web) -> None:
    page = await web.desk()
    await page.next()
    await web.hub.present("wang", CONTACT)
    ringing = asyncio.create_task(web.hub.ring("wang", "c-1", 20.0))
    await page.next("ring")
    await page.socket.close()
    again = await web.desk()
    snapshot = (await again.next())["data"]
    assert snapshot["contact"]["id"] == "c-1"
    assert snapshot["ring"]["contact_id"] == "c-1"
    await again.send("accept", {"contact_id": "c-1"})
    assert await ringing is RingOutcome.ACCEPTED
    assert ("page_closed", "wang") not in web.actions.done


async def test_page_that_comes_back_gets_what_it_missed(web: Web) -> None:
    page = await web.desk()
    seq = (await page.next())["seq"]
    await page.socket.close()
    await until(lambda: web.hub.online == ())
    web.hub.push("wang", "turn", {"contact_id": "c-1", "index": 0, "turn": {"text": "a"}})
    web.hub.push("wang", "turn", {"contact_id": "c-1", "index": 1, "turn": {"text": "b"}})
    again = await web.desk(seq=seq)
    assert [(await again.next())["seq"] for _ in range(2)] == [seq + 1, seq + 2]


async def test_second_tab_takes_over_and_the_first_is_told(web: Web) -> None:
    first = await web.desk()
    await first.next()
    second = await web.desk()
    await second.next("snapshot")
    assert (await first.next())["type"] == "replaced"
    assert await first.closed() == (4001, "replaced")
    web.hub.push("wang", "queues", {"queues": []})
    assert (await second.next())["type"] == "queues"
    assert web.hub.online == ("wang",)
    assert ("page_closed", "wang") not in web.actions.done


async def test_audio_is_offered_answered_and_its_end_is_told(web: Web) -> None:
    page = await web.desk()
    await page.next()
    connecting = asyncio.create_task(web.hub.connect("wang", "c-1"))
    offer = (await page.next("media_offer"))["data"]
    assert offer == {"leg_id": "web-1", "sdp": "offer of web-1"}
    assert (await page.request("media_answer", {"leg_id": "web-1", "sdp": "answer"}))["ok"] is True
    leg = await connecting
    assert leg.state is LegState.UP
    assert web.legs[0].answers == ["answer"]
    assert (leg.caller.user, leg.caller.authenticated) == ("wang", True)
    assert (await page.next("media"))["data"] == {"leg_id": "web-1", "state": "connected"}
    leg.hang_up(EndCause.MEDIA_LOST)
    assert (await page.next("media"))["data"] == {"leg_id": "web-1", "state": "lost"}


async def test_audio_that_cannot_be_is_a_transport_error(start_web: StartWeb) -> None:
    web = await start_web(media_seconds=0.1, grace=0.1)
    page = await web.desk()
    await page.next()
    with pytest.raises(TransportError, match="did not answer"):
        await web.hub.connect("wang", "c-1")
    connecting = asyncio.create_task(web.hub.connect("wang", "c-2"))
    await page.next("media_offer")
    await page.send("media_answer", {"leg_id": "web-2", "sdp": "bad"})
    with pytest.raises(TransportError, match="bad answer"):
        await connecting
    assert [leg.state for leg in web.legs] == [LegState.ENDED, LegState.ENDED]
    late = await page.request("media_answer", {"leg_id": "web-2", "sdp": "answer"})
    assert (late["ok"], late["error"]) == (False, "this call has ended")


async def test_reloaded_page_gets_the_open_offer_again(web: Web) -> None:
    page = await web.desk()
    await page.next()
    connecting = asyncio.create_task(web.hub.connect("wang", "c-1"))
    await page.next("media_offer")
    again = await web.desk()
    assert (await again.next("media_offer"))["data"]["leg_id"] == "web-1"
    await again.send("media_answer", {"leg_id": "web-1", "sdp": "answer"})
    assert (await connecting).state is LegState.UP


async def test_buttons_reach_the_actions_and_refusals_come_back_in_words(web: Web) -> None:
    page = await web.desk()
    await page.next()
    contact = {"contact_id": "c-1"}
    assert (await page.request("ping"))["ok"] is True
    assert (await page.request("set_state", {"state": "break", "reason": "tea"}))["ok"] is True
    assert (await page.request("dtmf", {**contact, "digits": "12#"}))["ok"] is True
    assert (await page.request("note", {**contact, "text": "calls back"}))["ok"] is True
    assert (await page.request("wrap_up", {**contact, "disposition": "solved", "note": "ok"}))["ok"] is True
    assert web.actions.done[1:] == [
        ("set_state", "wang", "break", "tea"),
        ("dtmf", "wang", "c-1", "12#"),
        ("note", "wang", "c-1", "calls back"),
        ("wrap_up", "wang", "c-1", "solved", "ok"),
    ]
    errors = [
        (await page.request("set_state", {"state": "lunch"}))["error"],
        (await page.request("hang_up", contact))["error"],
        (await page.request("hold", contact))["error"],
        (await page.request("dance", contact))["error"],
        (await page.request("dtmf", {**contact, "digits": 12}))["error"],
        (await page.request("dtmf", {**contact, "digits": "1" * 33}))["error"],
    ]
    assert errors == [
        "'lunch' is not a state",
        "the audio connection failed",
        "that did not work; the cause is in the server's log",
        "this server does not know 'dance'",
        "'digits' must be text of at most 32 characters",
        "'digits' must be text of at most 32 characters",
    ]


async def test_buttons_for_transfers_and_recordings_reach_the_actions(web: Web) -> None:
    page = await web.desk()
    await page.next()
    pressed = [
        ("transfer", {"to": "queue:care"}),
        ("consult", {"to": "+4930123"}),
        *((name, {}) for name in ("toggle", "three_way", "complete", "back")),
        ("park", {"slot": ""}),
        ("record", {"action": "pause"}),
        ("announce", {"prompt": "goodbye"}),
        ("reattach", {}),
    ]
    for name, data in pressed:
        assert (await page.request(name, {"contact_id": "c-1", **data}))["ok"] is True
    assert (await page.request("pick_up", {"slot": "701"}))["ok"] is True
    assert (await page.request("transfer", {"contact_id": "c-1", "to": "9" * 300}))["ok"] is False
    expected = [(name, "wang", "c-1", *data.values()) for name, data in pressed]
    assert web.actions.done[1:] == [*expected, ("pick_up", "wang", "701")]
    refused = await page.request("monitor", {"contact_id": "c-1", "mode": "whisper"})
    assert (refused["ok"], refused["error"]) == (False, "this needs the role supervisor")


async def test_the_bar_may_dial_and_look_up(web: Web) -> None:
    page = await web.desk()
    await page.next()
    for name, data in (("dial", {"to": "+4930123"}), ("redial", {}), ("directory", {"query": "bo"})):
        assert (await page.request(name, data))["ok"] is True
    assert web.actions.done[1:] == [("dial", "wang", "+4930123"), ("redial", "wang"), ("directory", "wang", "bo")]
    assert (await page.request("dial", {"to": "9" * 300}))["ok"] is False


async def test_half_a_character_does_not_cost_the_note(web: Web) -> None:
    page = await web.desk()
    await page.next()
    assert (await page.request("note", {"contact_id": "c-1", "text": "calls back \ud83d"}))["ok"] is True
    assert web.actions.done[-1] == ("note", "wang", "c-1", "calls back ?")
    await page.send("ping", request="\ud83d")
    assert (await page.next("reply"))["data"]["id"] == "?"


async def test_silent_page_is_closed_and_the_agent_is_told_of(start_web: StartWeb) -> None:
    web = await start_web(silence=0.2, grace=60.0)
    page = await web.desk()
    await page.next()
    assert await page.closed() == (page_socket.SILENT, "silent")
    await until(lambda: ("page_closed", "wang") in web.actions.done)
    assert web.actions.reasons == ["page gone"], "it had its time already"


async def test_a_page_lengthens_its_wrap_up_and_asks_why_no_calls_come(web: Web) -> None:
    page = await web.desk()
    assert (await page.request("extend_wrap_up"))["ok"] is True
    assert (await page.request("why_no_calls"))["ok"] is True
    assert web.actions.done[-2:] == [("extend_wrap_up", "wang"), ("why_no_calls", "wang")]


async def test_limits_of_what_a_page_may_send(web: Web) -> None:
    for text, code in (
        ("x" * (page_socket.MAX_CHARACTERS + 1), 1009),
        ("[1]", page_socket.MALFORMED),
        ("[" * 50000, page_socket.MALFORMED),
        ("{}", page_socket.MALFORMED),
    ):
        page = await web.desk()
        await page.socket.send(text)
        assert (await page.closed())[0] == code
    page = await web.desk()
    for _ in range(200):
        await page.socket.send(json.dumps({"type": "ping"}))
    assert (await page.closed())[0] == page_socket.TOO_MANY


async def test_page_that_takes_nothing_is_dropped(web: Web) -> None:
    page = await web.desk()
    await page.next()
    for number in range(page_socket.MAX_WAITING + 5):
        web.hub.push("wang", "turn", {"contact_id": "c-1", "index": number, "turn": {"text": "x"}})
    assert await page.closed() == (page_socket.TOO_SLOW, "too slow")


async def test_signing_out_closes_the_page(web: Web) -> None:
    cookie = await web.cookie()
    page = await web.socket("/ws/desk", cookie=cookie)
    await page.send("resume", {"seq": 0})
    await page.next()
    async with web.client() as client:
        assert (await client.post("/api/v1/logout", headers={"cookie": cookie})).status_code == 200
    assert await page.closed() == (4401, "signed out")


async def test_signing_out_elsewhere_leaves_the_page_alone(web: Web) -> None:
    page, elsewhere = await web.desk(), await web.cookie()
    await page.next()
    async with web.client() as client:
        assert (await client.post("/api/v1/logout", headers={"cookie": elsewhere})).status_code == 200
    assert (await page.request("ping"))["ok"]


async def test_a_page_opens_no_more_audio_than_it_can_use(web: Web) -> None:
    page, opened = await web.desk(), asyncio.Event()

    async def slow(agent_id: str, contact_id: str) -> None:
        await opened.wait()

    web.actions.reattach = slow  # type: ignore[method-assign]
    for number in range(MOST_OPENING):
        await page.send("reattach", {"contact_id": "c-1"}, f"r{number}")
    refused = await page.request("reattach", {"contact_id": "c-1"})
    assert refused["error"] == "what you asked for before is not there yet"
    opened.set()
    for _ in range(MOST_OPENING):
        assert (await page.next("reply"))["data"]["ok"] is True
    assert (await page.request("reattach", {"contact_id": "c-1"}))["ok"] is True
