"""The fake leg keeps to the contract of `telephony.leg.CallLeg`."""

from __future__ import annotations

from telephony.fake import FakeLeg
from telephony.leg import Answered, DtmfReceived, EndCause, Ended, LegEvent, LegState, PlaybackFinished
from telephony.media.clip import Clip
from telephony.media.codec import Codec

CLIPS = [Clip.silence(0.02)]


def heard(leg: FakeLeg) -> list[LegEvent]:
    events: list[LegEvent] = []
    leg.subscribe(events.append)
    return events


def test_an_offered_leg_is_answered_once() -> None:
    leg = FakeLeg()
    events = heard(leg)
    leg.answer()
    leg.answer()
    assert (leg.state, events) == (LegState.UP, [Answered(0.0)])


def test_a_dialled_leg_is_answered_by_its_far_end() -> None:
    leg = FakeLeg(state=LegState.DIALING)
    events = heard(leg)
    leg.answer()
    assert events == []
    leg.pick_up()
    assert (leg.state, events) == (LegState.UP, [Answered(0.0)])


def test_the_end_comes_exactly_once() -> None:
    leg = FakeLeg()
    events = heard(leg)
    leg.vanish(EndCause.MEDIA_LOST)
    leg.vanish()
    leg.hang_up()
    leg.answer()
    assert events == [Ended(0.0, EndCause.MEDIA_LOST, True)]
    assert leg.state is LegState.ENDED
    other = FakeLeg()
    events = heard(other)
    other.hang_up(EndCause.BUSY)
    other.hang_up()
    assert events == [Ended(0.0, EndCause.BUSY, False)]


def test_a_playback_ends_by_itself_by_stop_or_by_the_next() -> None:
    leg = FakeLeg()
    events = heard(leg)
    first, second = leg.play(CLIPS), leg.play(CLIPS)
    leg.stop()
    leg.stop()
    third = leg.play(CLIPS)
    leg.play_out()
    leg.play_out()
    done = [(event.playback, event.completed) for event in events if isinstance(event, PlaybackFinished)]
    assert done == [(first, False), (second, False), (third, True)]


def test_keys_and_commands_are_kept_in_order() -> None:
    leg = FakeLeg()
    events = heard(leg)
    leg.ring()
    leg.press("5")
    leg.send_digits("12")
    leg.hear(None)
    assert events == [DtmfReceived(0.0, "5")]
    assert leg.names() == ["ring", "send_digits"]


def test_call_control_is_kept_as_commands() -> None:
    leg = FakeLeg(state=LegState.UP)
    leg.progress()
    leg.set_hold(True)
    leg.renegotiate([Codec.PCMA])
    leg.transfer("sip:bob@example.com")
    leg.transfer_to(FakeLeg("leg-2"))
    leg.report_transfer(180)
    assert leg.commands == [
        ("progress", None),
        ("set_hold", True),
        ("renegotiate", [Codec.PCMA]),
        ("transfer", "sip:bob@example.com"),
        ("transfer_to", "leg-2"),
        ("report_transfer", 180),
    ]
