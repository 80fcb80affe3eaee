"""Continuity of what a far end receives, whoever speaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.media.outgoing import Outgoing
from telephony.media.rtp import MARKER, Packet, parse

HALF = 1 << 31


@dataclass
class Source:
    """A far end that talks every 20 ms, with whatever numbers it likes."""

    sequence: int
    timestamp: int
    ssrc: int

    def next(self) -> tuple[int, int, int]:
        numbers = self.sequence, self.timestamp, self.ssrc
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 160) & 0xFFFFFFFF
        return numbers


@dataclass
class Line:
    """An `Outgoing`, a clock, and what came out."""

    now: float = 1000.0
    sent: list[Packet] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.out = Outgoing(0xCAFE, 65500, 2**32 - 3000, self._take)

    def _take(self, data: bytes) -> None:
        packet = parse(data)
        assert packet is not None
        self.sent.append(packet)

    def prompt(self, frames: int) -> None:
        for _ in range(frames):
            self.out.send_frame(0, b"p" * 160, self.now)
            self.now += 0.02

    def relay(self, source: Source, frames: int, lost: tuple[int, ...] = ()) -> None:
        for number in range(frames):
            numbers = source.next()
            if number not in lost:
                self.forward(source, numbers)
            self.now += 0.02

    def forward(self, source: Source, numbers: tuple[int, int, int], kind: int = 0, marker: int = 0) -> None:
        self.out.forward(source, kind, marker, *numbers, b"s" * 160, self.now, kind == 101)

    def ordered(self) -> list[Packet]:
        """What the far end plays: by sequence number."""
        if not self.sent:
            return []
        first = self.sent[0].sequence
        return sorted(self.sent, key=lambda p: (p.sequence - first + 0x4000) & 0xFFFF)


def steps(packets: list[Packet]) -> list[tuple[int, int]]:
    return [((b.sequence - a.sequence) & 0xFFFF, (b.timestamp - a.timestamp) & 0xFFFFFFFF) for a, b in pairwise(packets)]


def test_the_first_packet_carries_the_numbers_given_and_the_marker() -> None:
    line = Line()
    line.prompt(1)
    first = line.sent[0]
    assert (first.sequence, first.timestamp, first.ssrc, first.marker) == (65500, 2**32 - 3000, 0xCAFE, True)


def test_prompt_music_agent_prompt_are_one_stream() -> None:
    line, agent = Line(), Source(7, 123456, 9)
    line.prompt(50)
    line.relay(agent, 50)
    line.out.release()
    line.prompt(50)
    assert set(steps(line.sent)) == {(1, 160)}
    assert [n for n, packet in enumerate(line.sent) if packet.marker] == [0, 50, 100]
    assert {packet.ssrc for packet in line.sent} == {0xCAFE}


def test_a_pause_moves_the_timestamp_by_the_wall_time() -> None:
    line = Line()
    line.prompt(2)
    line.now += 3.0
    line.prompt(2)
    assert steps(line.sent) == [(1, 160), (1, 160 + 24000), (1, 160)]
    assert line.sent[2].marker


def test_loss_and_swaps_of_the_source_stay_visible() -> None:
    """The far end's concealment needs the gap, and a late packet its place."""
    line, agent = Line(), Source(65534, 0, 9)
    numbers = [agent.next() for _ in range(8)]
    for index in (0, 1, 3, 2, 6, 7):
        line.forward(agent, numbers[index])
        line.now += 0.02
    assert [(p.sequence - 65500) & 0xFFFF for p in line.sent] == [0, 1, 3, 2, 6, 7]
    assert [(p.timestamp - line.sent[0].timestamp) & 0xFFFFFFFF for p in line.sent] == [0, 160, 480, 320, 960, 1120]


def test_duplicates_and_packets_from_before_the_turn_are_dropped() -> None:
    line, agent = Line(), Source(100, 0, 9)
    numbers = [agent.next() for _ in range(6)]
    for index in (2, 2, 1, 3, 3, 5, 4, 4, 5):
        line.forward(agent, numbers[index])
    assert [(p.sequence - 65500) & 0xFFFF for p in line.sent] == [0, 1, 3, 2]


def test_a_source_that_restarts_goes_on_where_it_was() -> None:
    line = Line()
    line.relay(Source(100, 5000, 9), 10)
    line.relay(Source(40000, 3_000_000_000, 9), 10)
    line.relay(Source(40005, 17, 10), 10)
    assert set(steps(line.sent)) == {(1, 160)}


def test_same_source_new_numbers() -> None:
    line, agent = Line(), Source(100, 5000, 9)
    line.relay(agent, 10)
    agent.timestamp = 4_000_000_000
    line.relay(agent, 10)
    agent.sequence, agent.ssrc = 50000, 77
    line.relay(agent, 10)
    agent.sequence -= 60  # back, but with time going on: restarted, not late
    line.relay(agent, 10)
    assert set(steps(line.sent)) == {(1, 160)}


def test_an_outage_of_the_source_keeps_its_spacing() -> None:
    line, agent = Line(), Source(100, 5000, 9)
    line.relay(agent, 200, lost=tuple(range(10, 180)))
    assert steps(line.sent)[9] == (171, 171 * 160)


def test_silence_suppression_of_the_source_keeps_its_spacing() -> None:
    line, agent = Line(), Source(100, 5000, 9)
    line.relay(agent, 10)
    agent.timestamp += 16000
    line.now += 2.0
    line.relay(agent, 10)
    assert steps(line.sent)[9] == (1, 16160)


def test_what_was_not_negotiated_leaves_no_hole() -> None:
    line, agent = Line(), Source(100, 5000, 9)
    line.relay(agent, 5)
    sequence, _, ssrc = agent.next()
    line.out.pass_over(agent, sequence, ssrc)
    line.now += 0.02
    line.relay(agent, 5)
    assert steps(line.sent)[4] == (1, 320)


def test_a_key_keeps_its_timestamp_while_voice_goes_on_after_it() -> None:
    line, agent = Line(), Source(100, 5000, 9)
    line.relay(agent, 5)
    start = agent.timestamp
    for number in range(7):
        sequence, _, ssrc = agent.next()
        line.forward(agent, (sequence, start, ssrc), 101, MARKER if number == 0 else 0)
        line.now += 0.02
    line.relay(agent, 5)
    assert {a for a, _ in steps(line.sent)} == {1}
    assert [b for _, b in steps(line.sent)][4:12] == [160, 0, 0, 0, 0, 0, 0, 7 * 160]


def test_the_rest_of_a_key_begun_before_the_turn_is_left_out() -> None:
    line, agent = Line(), Source(100, 5000, 9)
    line.forward(agent, agent.next(), 101)
    assert line.sent == []
    line.forward(agent, agent.next(), 101, MARKER)
    assert len(line.sent) == 1


SOURCE = st.builds(Source, st.integers(0, 65535), st.integers(0, 2**32 - 1), st.integers(0, 3))
SCENE = st.one_of(
    st.tuples(st.just("prompt"), st.integers(1, 12)),
    st.tuples(st.just("pause"), st.integers(1, 200)),
    st.tuples(st.just("relay"), st.integers(1, 12), st.integers(0, 2), st.sets(st.integers(0, 11)), st.randoms()),
    st.tuples(st.just("restart"), st.integers(0, 2), SOURCE),
)


def play_scene(line: Line, sources: list[Source], scene: tuple[object, ...]) -> None:
    match scene:
        case ("prompt", int(frames)):
            line.prompt(frames)
        case ("pause", int(ticks)):
            line.now += ticks * 0.02
        case ("restart", int(which), Source() as fresh):
            sources[which].sequence, sources[which].timestamp, sources[which].ssrc = fresh.next()
        case ("relay", int(frames), int(which), set() as lost, shuffler):
            due = [(number, sources[which].next()) for number in range(frames)]
            due.sort(key=lambda item: item[0] + shuffler.random() * 2)  # type: ignore[attr-defined]
            for number, numbers in due:
                if number not in lost:
                    line.forward(sources[which], numbers)
                line.now += 0.02


@settings(max_examples=200, deadline=None)
@given(st.lists(SOURCE, min_size=3, max_size=3), st.lists(SCENE, max_size=25))
def test_whatever_happens_the_far_end_sees_one_stream(sources: list[Source], scenes: list[tuple[object, ...]]) -> None:
    """No sequence number twice, and in their order timestamps never go back nor stray from the clock."""
    line = Line()
    for scene in scenes:
        play_scene(line, sources, scene)
    ordered = line.ordered()
    assert len({packet.sequence for packet in ordered}) == len(ordered)
    for (ahead, moved), packet in zip(steps(ordered), ordered, strict=False):
        assert 1 <= ahead <= 3000, packet
        assert 0 < moved < HALF, packet
    if ordered:
        total = (ordered[-1].timestamp - ordered[0].timestamp) & 0xFFFFFFFF
        assert total <= (line.now - 1000.0) * 8000 + 5 * 16000


@settings(max_examples=100, deadline=None)
@given(
    st.lists(SOURCE, min_size=3, max_size=3),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30)), min_size=1, max_size=20),
)
def test_clean_sources_that_take_turns_make_a_seamless_stream(sources: list[Source], turns: list[tuple[int, int]]) -> None:
    """Strictly +1 and +160 for each 20 ms across any changes."""
    line = Line()
    for who, frames in turns:
        if who == 3:
            line.prompt(frames)
        else:
            line.relay(sources[who], frames)
    assert set(steps(line.sent)) <= {(1, 160)}
