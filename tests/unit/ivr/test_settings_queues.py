"""Settings of queues and agents: what is wrong is refused by its key, what is right becomes what the queues take."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.acd.model import Channel
from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings
from ivr.wiring import agents_of, queues_of


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "hotline.yaml"
    file.write_text(text, "utf-8")
    return load_settings(file)


def test_an_agent_has_room_by_channel_a_team_and_a_site(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        """
        agents:
          - { id: anna, capacity: 2 }
          - { id: bob, team: gold, site: bonn, capacity: { voice: 1, message: 3, blend: [message] } }
          - { id: cid, capacity: { voice: 0, ticket: 5 } }
        """,
    )
    anna, bob, cid = agents_of(settings)
    assert (anna.capacity, anna.rooms, anna.team) == (2, {}, "")
    assert (bob.capacity, bob.rooms, bob.blend) == (1, {Channel.MESSAGE: 3}, frozenset({Channel.MESSAGE}))
    assert (bob.team, bob.site) == ("gold", "bonn")
    assert (cid.capacity, cid.rooms) == (0, {Channel.TICKET: 5})
    assert settings.teams == {"gold"} and settings.sites == {"bonn"}


def test_a_queue_rings_all_up_to_a_number(tmp_path: Path) -> None:
    [queue] = queues_of(loaded(tmp_path, "queues: { q: { strategy: ring_all, ring_most: 4 } }"))
    assert (queue.strategy, queue.ring_most) == ("ring_all", 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("queues: { q: { ring_most: 1 } }", "queues.q.ring_most: 1 is not from 2 to 10"),
        ("queues: { q: { ring: 0 } }", "queues.q.ring: nobody can answer within 0 s"),
        ("queues: { q: { strategy: sequential } }", "queues.q.order: `sequential` needs the agents"),
        ("agents: [{ id: a, capacity: 0 }]", "agents: a: capacity: expected 1 or more calls at a time, found 0"),
        ("agents: [{ id: a, capacity: true }]", "agents: a: capacity: expected 1 or more calls at a time, found True"),
        (
            "agents: [{ id: a, capacity: { voice: 0 } }]",
            "agents: a: capacity: one of voice, message and ticket must be 1 or more",
        ),
        ("agents: [{ id: a, capacity: { message: -1 } }]", "agents: a: capacity: one of voice, message and ticket"),
        ("agents: [{ id: a, capacity: { chat: 1 } }]", "agents[0].capacity.chat: unknown key"),
        (
            "agents: [{ id: a, capacity: { blend: [voice] } }]",
            "agents: a: capacity.blend: 'voice' is neither message nor ticket",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, text)
    assert said in str(error.value)


def test_a_team_must_be_a_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'two words' is no name"):
        agents_of(loaded(tmp_path, "agents: [{ id: a, team: two words }]"))


def test_roles_are_those_that_exist(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "agents: [{ id: anna, roles: [senior, quality, field, agent] }]")
    assert settings.agents[0].roles == ("senior", "quality", "field", "agent")
    with pytest.raises(ConfigError, match=r"agents: bob: roles: 'boss' is no role; there are agent, senior"):
        loaded(tmp_path, "agents: [{ id: bob, roles: [agent, boss] }]")
