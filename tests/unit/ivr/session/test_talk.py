"""Hold, digits, and the end of a talk, whoever ends it."""

from __future__ import annotations

import pytest

from ivr.errors import Conflict
from ivr.session.talk import Talk
from ivr.session.talks import Talks
from telephony.fake import FakeLeg
from telephony.leg import EndCause, LegState
from telephony.media.clip import Clip
from tests.unit.ivr.session.house import FakeBridge


class Joined:
    def __init__(self, agent: FakeLeg | None = None) -> None:
        self.caller, self.agent = FakeLeg("caller", state=LegState.UP), agent or FakeLeg("agent", state=LegState.UP)
        self.bridge = FakeBridge((self.caller, self.agent))
        self.phases: list[str] = []
        self.talk = Talk(self.caller, self.agent, self.bridge, [Clip.silence(0.02)], self.phases.append)


async def test_hold_and_resume_once_each() -> None:
    here = Joined()
    with pytest.raises(Conflict):
        here.talk.resume()
    here.talk.hold()
    with pytest.raises(Conflict):
        here.talk.hold()
    here.talk.resume()
    assert here.bridge.done == ["hold", "resume"]
    assert here.phases == ["held", "connected"]


@pytest.mark.parametrize("digits", ["", "12x", "１", "1" * 33])
async def test_only_keys_are_sent(digits: str) -> None:
    here = Joined()
    with pytest.raises(Conflict):
        here.talk.send_digits(digits)
    here.talk.send_digits("12*#A")
    assert here.caller.commands == [("send_digits", "12*#A")]


@pytest.mark.parametrize(
    ("cause", "how"),
    [
        (EndCause.HUNG_UP, "agent"),
        (EndCause.RELEASED, "agent"),
        (EndCause.MEDIA_LOST, "agent_lost"),
        (EndCause.FAILED, "agent_lost"),
    ],
)
async def test_how_the_agents_leg_ends_tells_how_the_talk_ended(cause: EndCause, how: str) -> None:
    here = Joined()
    here.agent.vanish(cause)
    assert here.talk.finished.result() == how


async def test_the_agent_hangs_up_and_closing_twice_parts_the_legs_once() -> None:
    here = Joined()
    here.talk.hang_up()
    here.talk.close()
    here.talk.close()
    assert here.talk.finished.result() == "agent"
    assert here.bridge.done == ["close"]
    assert here.agent.commands == [("hang_up", EndCause.RELEASED)]
    assert here.caller.commands == []


async def test_an_agent_who_had_gone_before_the_talk_is_lost() -> None:
    assert Joined(FakeLeg(state=LegState.ENDED)).talk.finished.result() == "agent_lost"


async def test_a_talk_belongs_to_its_agent() -> None:
    talks, here = Talks(), Joined()
    talks.add("c-1", "anna", here.talk)
    assert talks.find("c-1", "anna") is here.talk
    for contact, agent in (("c-1", "bob"), ("c-2", "anna")):
        with pytest.raises(Conflict):
            talks.find(contact, agent)
    talks.remove("c-1")
    talks.remove("c-1")
    assert len(talks) == 0
