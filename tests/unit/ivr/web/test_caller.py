from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from ivr.web import caller
from ivr.web.parts import CallerLimits
from telephony.leg import EndCause, LegState
from tests.unit.ivr.web.conftest import Page, StartWeb, Web, until

START = {"name": "李强", "language": "zh", "to": "hotline"}


async def connected(web: Web) -> Page:
    page = await web.call()
    await page.send("start", START)
    offer = await page.next("media_offer")
    await page.send("media_answer", {"leg_id": offer["data"]["leg_id"], "sdp": "answer"})
    await until(lambda: bool(web.callers))
    return page


async def test_call_is_offered_answered_and_handed_over(web: Web) -> None:
    page = await web.call()
    await page.send("start", START)
    phase = await page.next()
    assert (phase["type"], phase["data"]) == ("phase", {"phase": "connecting"})
    assert "seq" not in phase
    offer = await page.next()
    assert (offer["type"], offer["data"]) == ("media_offer", {"leg_id": "web-1", "sdp": "offer of web-1", "ice_servers": []})
    await page.send("media_answer", {"leg_id": "web-1", "sdp": "answer"})
    await until(lambda: bool(web.callers))
    leg, line, name, language, to = web.callers[0]
    assert (name, language, to) == ("李强", "zh", "hotline")
    assert (leg.caller.display, leg.caller.authenticated, leg.callee.user) == ("李强", False, "hotline")
    assert leg.languages == ("zh",)
    line.push("caption", {"text": "您好"})
    assert (await page.next())["data"] == {"text": "您好"}
    await page.send("dtmf", {"digits": "1#"})
    await until(lambda: web.legs[0].pressed == "1#")


async def test_hanging_up_ends_the_leg_and_the_call_says_why(web: Web) -> None:
    page = await connected(web)
    await page.send("hang_up")
    await until(lambda: web.legs[0].state is LegState.ENDED)
    web.callers[0][1].push("ended", {"cause": "served"})
    assert (await page.next("ended"))["data"] == {"cause": "served"}
    assert (await page.closed())[0] == 1000


async def test_end_of_the_leg_is_told_where_the_call_says_nothing(web: Web) -> None:
    page = await connected(web)
    web.legs[0].hang_up(EndCause.SHUTDOWN)
    assert (await page.next("ended"))["data"] == {"cause": "shutdown"}


async def test_lost_socket_ends_the_leg_after_the_grace(web: Web) -> None:
    page = await connected(web)
    page.socket.transport.abort()
    await until(lambda: web.legs[0].state is LegState.ENDED)
    assert web.legs[0].ended is not None
    assert web.legs[0].ended.by_peer


async def test_bad_answer_and_no_answer_come_to_nothing(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    page = await web.call()
    await page.send("start", START)
    await page.next("media_offer")
    await page.send("media_answer", {"sdp": "bad"})
    assert (await page.next("ended"))["data"]["cause"] == "failed"
    monkeypatch.setattr(caller, "ANSWER_SECONDS", 0.05)
    page = await web.call()
    await page.send("start", START)
    assert (await page.next("ended"))["data"]["cause"] == "failed"
    await page.closed()
    await until(lambda: all(leg.state is LegState.ENDED for leg in web.legs))
    assert web.callers == []


async def test_page_that_never_starts_is_let_go(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "START_SECONDS", 0.05)
    page = await web.call()
    assert (await page.next("ended"))["data"]["cause"] == "failed"
    assert web.legs == []


async def test_odd_fields_are_made_plain(web: Web) -> None:
    page = await web.call()
    await page.send("start", {"name": "A\x00\n" + "b" * 300, "language": "<zh>", "to": "sip:x@y z"})
    await page.next("media_offer")
    leg = web.legs[0]
    assert leg.caller.display == "A" + "b" * 79
    assert (leg.languages, leg.callee.user) == ((), "hotline")


async def test_calls_are_bounded_by_address_and_in_time(start_web: StartWeb) -> None:
    web = await start_web(limits=CallerLimits(per_address=1))
    first = await web.call()
    await first.send("start", START)
    await first.next("media_offer")
    second = await web.call()
    assert (await second.next())["data"] == {"cause": "busy"}
    assert (await second.closed())[0] == 1013
    few = await start_web(limits=CallerLimits(starts_per_minute=1))
    await (await few.call()).socket.close()
    third = await few.call()
    assert (await third.next())["data"] == {"cause": "busy"}


async def test_other_sites_cannot_call(web: Web) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await web.socket("/ws/call", origin="https://evil.example")
    assert refused.value.response.status_code == 403
