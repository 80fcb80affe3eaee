from __future__ import annotations

import pytest

from telephony.errors import MalformedMessage
from telephony.sip.dialog import Dialog
from telephony.sip.message import Request, parse, respond
from tests.unit.telephony.sip.peers import request


def invite(**values: str) -> Request:
    message = parse(request(**values))  # type: ignore[arg-type]
    assert isinstance(message, Request)
    return message


def test_both_ends_agree_on_tags_order_and_target() -> None:
    sent = invite()
    answer = respond(sent, 200, tag="mine", headers={"Contact": "<sip:us@10.0.0.2>"})
    server, client = Dialog.as_server(sent, "mine"), Dialog.as_client(sent, answer)
    assert (server.local_tag, server.remote_tag) == (client.remote_tag, client.local_tag) == ("mine", "ft")
    assert (server.target, client.target) == ("sip:me@10.0.0.9:5099", "sip:us@10.0.0.2")
    bye = client.request("BYE")
    assert bye.cseq == (2, "BYE") and server.in_order(bye)
    assert bye.headers.get("to") == server.local and bye.headers.get("from") == server.remote
    assert not server.in_order(client.request("INFO", 1))
    assert server.key == ("c1", "mine", "ft")


def test_a_target_refresh_moves_the_far_end() -> None:
    dialog = Dialog.as_server(invite(), "mine")
    dialog.refresh(invite(contact="<sip:me@10.0.0.10>"))
    assert dialog.request("BYE").target == "sip:me@10.0.0.10"
    assert dialog.next_hop.host == "10.0.0.10"


def test_too_many_routes_are_refused() -> None:
    with pytest.raises(MalformedMessage):
        Dialog.as_server(invite(headers="Record-Route: " + ", ".join(["<sip:p;lr>"] * 40) + "\r\n"), "mine")
