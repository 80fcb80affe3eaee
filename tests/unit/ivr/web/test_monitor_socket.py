"""Supervisors who are in talks of others from the wall, without an agent's desk; and who may not."""

from __future__ import annotations

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from ivr.web import page_socket
from tests.unit.ivr.web.conftest import Page, StartWeb, Web, until

LISTENER = "boss~wall"


async def listening(web: Web) -> Page:
    page = await web.socket("/ws/monitor", cookie=await web.cookie("boss"))
    await until(lambda: LISTENER in web.hub.online)
    return page


async def test_only_supervisors_from_our_own_pages_may(web: Web) -> None:
    for headers in ({}, {"cookie": await web.cookie()}, {"cookie": await web.cookie("boss"), "origin": "https://evil.example"}):
        with pytest.raises(InvalidStatus) as refused:
            await web.socket("/ws/monitor", **headers)
        assert refused.value.response.status_code == 403


async def test_a_talk_is_listened_to_and_left_for_another(web: Web) -> None:
    page = await listening(web)
    for contact, mode in (("c-1", "listen"), ("c-1", "whisper"), ("c-2", "listen"), ("c-2", "stop")):
        assert (await page.request("monitor", {"contact_id": contact, "mode": mode}))["ok"] is True
    done = [(contact, mode) for kind, *rest in web.actions.done if kind == "monitor" for _, contact, mode in [rest]]
    assert done == [("c-1", "listen"), ("c-1", "whisper"), ("c-1", "stop"), ("c-2", "listen"), ("c-2", "stop")]
    assert ("page_opened", LISTENER) not in web.actions.done, "no agent is on duty for it"


async def test_nothing_else_is_done_from_there(web: Web) -> None:
    page = await listening(web)
    await page.send("dial", {"to": "777"}, "c7")
    await page.send("set_state", {"state": "available", "reason": ""}, "c8")
    assert (await page.request("ping"))["id"] == "c1", "the others were not even answered"
    assert {kind for kind, *_ in web.actions.done} == {"listener"}


async def test_whom_it_took_is_the_persons_and_nobody_else_is_listened_to_meanwhile(web: Web) -> None:
    page = await listening(web)
    assert (await page.next("settings"))["data"] == {"dispositions": web.hub._settings.get("dispositions", [])}
    assert (await page.request("monitor", {"contact_id": "c-1", "mode": "take"}))["ok"] is True
    web.hub.push(LISTENER, "monitor", {"contact_id": "c-1", "mode": "take"})
    refused = await page.request("monitor", {"contact_id": "c-2", "mode": "listen"})
    assert not refused["ok"] and "you have a caller" in refused["error"]
    for kind, fields in (("transfer", {"to": "queue:bill"}), ("wrap_up", {"disposition": "", "note": "ok", "follow_up": ""})):
        assert (await page.request(kind, {"contact_id": "c-1", **fields}))["ok"] is True
    assert (await page.request("reattach", {"contact_id": "c-1"}))["ok"] is True
    assert {(kind, who) for kind, who, *_ in web.actions.done} >= {
        ("transfer", "boss"),
        ("wrap_up", "boss"),
        ("reattach", LISTENER),
    }
    web.hub.push(LISTENER, "monitor", {"contact_id": "c-1", "mode": "off", "reason": "over"})
    assert (await page.request("monitor", {"contact_id": "c-2", "mode": "listen"}))["ok"] is True


async def test_its_audio_is_offered_with_the_ways_through_firewalls(web: Web) -> None:
    page = await listening(web)
    asking = asyncio.create_task(web.hub.ask_media(LISTENER, "leg-1", "v=0"))
    offer = (await page.next("media_offer"))["data"]
    assert offer == {"leg_id": "leg-1", "sdp": "v=0", "ice_servers": []}
    assert (await page.request("media_answer", {"leg_id": "leg-1", "sdp": "v=1"}))["ok"] is True
    assert await asking == "v=1"


async def test_a_page_that_goes_or_falls_silent_is_gone(start_web: StartWeb) -> None:
    web = await start_web(silence=0.2)
    page = await listening(web)
    assert (await page.closed())[0] == page_socket.SILENT
    await until(lambda: ("listener", LISTENER, "False") in web.actions.done)
    assert web.hub.online == ()


async def test_a_second_page_takes_over(web: Web) -> None:
    first = await listening(web)
    second = await web.socket("/ws/monitor", cookie=await web.cookie("boss"))
    assert (await first.closed())[0] == 4001
    assert (await second.request("monitor", {"contact_id": "c-1", "mode": "listen"}))["ok"] is True
    assert ("listener", LISTENER, "False") not in web.actions.done


@pytest.mark.parametrize("then", [("c-1", "stop"), ("c-2", "listen")])
async def test_a_talk_that_is_left_before_its_audio_is_there_is_left(web: Web, then: tuple[str, str]) -> None:
    page, opened = await listening(web), asyncio.Event()
    monitor = web.actions.monitor

    async def slow(agent_id: str, contact_id: str, mode: str) -> None:
        if (contact_id, mode) == ("c-1", "listen"):
            await opened.wait()
        await monitor(agent_id, contact_id, mode)

    web.actions.monitor = slow  # type: ignore[method-assign]
    await page.send("monitor", {"contact_id": "c-1", "mode": "listen"}, "c7")
    assert (await page.request("monitor", {"contact_id": then[0], "mode": then[1]}))["ok"] is True
    opened.set()
    await until(lambda: web.actions.done[-2:] == [("monitor", LISTENER, "c-1", how) for how in ("listen", "stop")])
