"""RFC 3263: every rule by which a URI becomes servers, against answers written by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.errors import TransportError
from telephony.sip.grammar import Uri
from telephony.sip.locate import (
    MAX_TARGETS,
    NameAuthority,
    Question,
    Reach,
    Record,
    Service,
    Target,
    in_order,
    locate,
)

ZONE: dict[tuple[str, str], list[Record]] = {
    ("a.example", "A"): ["192.0.2.1"],
    ("a.example", "AAAA"): ["2001:db8::1"],
    ("srv.example", "NAPTR"): [
        NameAuthority(20, 10, "s", "SIP+D2U", "_sip._udp.other.example"),
        NameAuthority(10, 50, "S", "sip+d2t", "_sip._tcp.srv.example"),
        NameAuthority(10, 20, "s", "SIPS+D2T", "_sips._tcp.srv.example"),
        NameAuthority(5, 10, "s", "SIP+D2W", "_ws.srv.example"),
        NameAuthority(5, 10, "u", "E2U+sip", ""),
    ],
    ("_sip._udp.other.example", "SRV"): [Service(0, 0, 5066, "a.example")],
    ("_sip._tcp.srv.example", "SRV"): [Service(0, 0, 5062, "t.example")],
    ("_sips._tcp.srv.example", "SRV"): [Service(2, 0, 5064, "a.example"), Service(1, 0, 5063, "t.example")],
    ("_sip._udp.srv.example", "SRV"): [Service(1, 0, 5067, "a.example")],
    ("t.example", "A"): ["192.0.2.7", "192.0.2.8"],
    ("_sip._udp.direct.example", "SRV"): [Service(1, 0, 5080, "a.example")],
    ("_sips._tcp.direct.example", "SRV"): [Service(1, 0, 5081, "a.example")],
    ("_sip._tcp.closed.example", "SRV"): [Service(0, 0, 0, ".")],
    ("closed.example", "A"): ["192.0.2.9"],
}
V4 = Reach(families=("A",))


def drive(
    uri: str,
    reach: Reach = V4,
    dice: Callable[[int], int] = lambda most: 0,
    zone: Mapping[tuple[str, str], Sequence[Record]] = ZONE,
) -> tuple[list[Target], list[Question]]:
    """The targets of `uri`, and what was asked for them."""
    asked: list[Question] = []
    lookup = locate(Uri.parse(uri), reach, dice)
    try:
        questions = next(lookup)
        while True:
            asked += questions
            questions = lookup.send([zone.get((one.name, one.kind), []) for one in questions])
    except StopIteration as done:
        return done.value, asked


def ways(uri: str, reach: Reach = V4) -> list[tuple[str, str, int]]:
    return [(one.transport, one.host, one.port) for one in drive(uri, reach)[0]]


@pytest.mark.parametrize(
    ("uri", "way"),
    [
        ("sip:192.0.2.5", ("udp", "192.0.2.5", 5060)),
        ("sip:192.0.2.5:5070", ("udp", "192.0.2.5", 5070)),
        ("sip:192.0.2.5;transport=TCP", ("tcp", "192.0.2.5", 5060)),
        ("sip:192.0.2.5;transport=tls", ("tls", "192.0.2.5", 5061)),
        ("sips:192.0.2.5", ("tls", "192.0.2.5", 5061)),
        ("sips:192.0.2.5;transport=tcp", ("tls", "192.0.2.5", 5061)),
        ("sip:[2001:db8::5]:5071", ("udp", "2001:db8::5", 5071)),
        ("sip:far.example;maddr=192.0.2.6", ("udp", "192.0.2.6", 5060)),
    ],
)
def test_an_address_is_asked_of_nobody(uri: str, way: tuple[str, str, int]) -> None:
    """§4.1, §4.2: numeric host, explicit port and transport decide alone."""
    targets, asked = drive(uri)
    assert [(one.transport, one.host, one.port) for one in targets] == [way] and not asked


def test_a_port_leaves_only_the_address_to_ask_for() -> None:
    targets, asked = drive("sip:t.example:5099")
    assert [(one.transport, one.host, one.port) for one in targets] == [("udp", "192.0.2.7", 5099), ("udp", "192.0.2.8", 5099)]
    assert asked == [Question("t.example", "A")]
    assert ways("sips:t.example:5099") == [("tls", "192.0.2.7", 5099), ("tls", "192.0.2.8", 5099)]


def test_naptr_chooses_by_order_then_preference_among_what_we_speak() -> None:
    """The record of order 5 is for a transport that we do not dial; order 20 is not used where 10 can be."""
    assert ways("sip:srv.example") == [
        ("tls", "192.0.2.7", 5063),
        ("tls", "192.0.2.8", 5063),
        ("tls", "192.0.2.1", 5064),
        ("tcp", "192.0.2.7", 5062),
        ("tcp", "192.0.2.8", 5062),
    ]
    assert ways("sip:srv.example", Reach(("udp",), ("A",))) == [("udp", "192.0.2.1", 5066)]


def test_sips_takes_only_what_is_secure() -> None:
    assert {way[0] for way in ways("sips:srv.example")} == {"tls"}
    assert ways("sips:direct.example") == [("tls", "192.0.2.1", 5081)]


def test_a_certificate_has_to_show_the_domain_asked_for_and_not_the_server() -> None:
    """RFC 5922 §4: SRV is not signed, so the name in the URI counts."""
    assert {one.name for one in drive("sips:srv.example")[0]} == {"srv.example"}


def test_a_named_transport_goes_straight_to_its_srv_records() -> None:
    targets, asked = drive("sip:srv.example;transport=udp")
    assert [(one.host, one.port) for one in targets] == [("192.0.2.1", 5067)]
    assert asked[0] == Question("_sip._udp.srv.example", "SRV")


def test_without_naptr_every_transport_is_asked_for_at_once() -> None:
    targets, asked = drive("sip:direct.example")
    assert [(one.transport, one.port) for one in targets] == [("udp", 5080), ("tls", 5081)]
    assert [one.kind for one in asked] == ["NAPTR", "SRV", "SRV", "SRV", "A"]


def test_without_any_record_the_host_itself_is_tried() -> None:
    assert ways("sip:a.example") == [("udp", "192.0.2.1", 5060)]
    assert ways("sip:a.example;transport=tls") == [("tls", "192.0.2.1", 5061)]
    assert ways("sip:a.example", Reach(("tcp", "tls"), ("A",))) == [("tcp", "192.0.2.1", 5060)]
    assert ways("sip:nobody.example") == []


def test_a_service_that_is_not_offered_is_not_tried_at_its_host() -> None:
    """RFC 2782: the target "." says so decidedly."""
    assert ways("sip:closed.example") == []


def test_addresses_are_those_of_families_that_we_reach() -> None:
    assert ways("sip:a.example", Reach(families=("AAAA", "A"))) == [("udp", "2001:db8::1", 5060), ("udp", "192.0.2.1", 5060)]
    assert ways("sip:t.example", Reach(families=("AAAA",))) == []


@pytest.mark.parametrize(
    ("uri", "reach"),
    [
        ("sips:a.example;transport=udp", V4),
        ("sip:a.example;transport=ws", V4),
        ("sips:a.example", Reach(("udp", "tcp"), ("A",))),
        ("sip:a.example;transport=sctp", V4),
        ("tel:+4930", V4),
    ],
)
def test_what_we_cannot_speak_is_refused_at_once(uri: str, reach: Reach) -> None:
    with pytest.raises(TransportError):
        drive(uri, reach)


def test_weights_are_shares() -> None:
    """RFC 2782: of a round of every lot each server leads in proportion to its weight; weight 0 is still drawn."""
    heavy, light, none = Service(1, 3, 1, "h"), Service(1, 1, 2, "l"), Service(1, 0, 3, "n")
    leads = Counter(in_order([light, heavy, none], lambda most, lot=lot: min(lot, most))[0].target for lot in range(5))  # type: ignore[misc]
    assert leads == {"n": 1, "l": 1, "h": 3}


@given(
    st.lists(
        st.builds(Service, st.integers(0, 3), st.integers(0, 65535), st.integers(0, 65535), st.text("ab.", max_size=3)),
        max_size=40,
    ),
    st.integers(0, 1 << 30),
)
def test_every_server_stands_once_and_priorities_rise(services: list[Service], lot: int) -> None:
    ordered = in_order(services, lambda most: lot % (most + 1))
    assert Counter(ordered) == Counter(services)
    assert [one.priority for one in ordered] == sorted(one.priority for one in services)


def test_a_long_list_is_cut() -> None:
    zone: dict[tuple[str, str], list[Record]] = {
        ("_sip._udp.big.example", "SRV"): [Service(1, 1, 5060, f"h{n}.example") for n in range(500)],
        **{(f"h{n}.example", "A"): [f"192.0.2.{n % 200 + 1}", f"198.51.100.{n % 200 + 1}"] for n in range(500)},
    }
    targets, asked = drive("sip:big.example;transport=udp", zone=zone)
    assert len(targets) == MAX_TARGETS and len(asked) <= 1 + MAX_TARGETS
