"""`need`: skills, teams and sites, in steps of time."""

from __future__ import annotations

import pytest

from ivr.dialplan.events import Enqueue
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import examine
from tests.unit.ivr.dialplan.flows import Caller, machine_of

FLOW = """
flow: small
languages: [en]
defaults: {{ error: trouble, no_agents: trouble, closed: trouble, full: trouble, timeout: trouble }}
states:
  desk:
    enqueue:
      queue: support
      need: {need}
  trouble: {{ hangup: normal }}
"""


def asked(need: str) -> Enqueue:
    call = Caller(machine_of(FLOW.format(need=need)), {"called": "1", "language": ""})
    return next(one for one in call.log if isinstance(one, Enqueue))


def problems(need: str, around: Surroundings | None = None) -> list[str]:
    _, found = examine(FLOW.format(need=need), "small.yaml", *([] if around is None else [around]))
    return [f"{one.severity} {one.line}:{one.column} {one.message}; {one.cure}" for one in found]


def test_a_team_and_a_site_are_asked_for_beside_skills_and_later_not() -> None:
    found = asked("[{ telecom: 5, team: gold, site: [bonn, ulm], for: 30s }, { telecom: 2, team: gold, for: 1m }, {}]")
    assert (found.needs, found.relax) == ({"telecom": 5}, ((30.0, {"telecom": 2}), (90.0, {})))
    assert found.where == ({"team": ("gold",), "site": ("bonn", "ulm")}, {"team": ("gold",)}, {})


def test_a_plain_need_may_name_a_team_and_most_name_none() -> None:
    assert asked("{ team: gold, telecom: 1 }").where == ({"team": ("gold",)},)
    assert asked("{ telecom: 1 }").where == () == asked("[{ telecom: 1, for: 10s }, {}]").where


def test_teams_and_sites_that_nobody_is_in_are_found() -> None:
    around = Surroundings(skills={"telecom"}, teams={"gold"}, sites={"bonn"})
    assert problems("[{ team: golt, site: bonn, for: 10s }, { telecom: 1, site: rome }]", around) == [
        "error 9:22 there is no team `golt`; did you mean `gold`?",
        "error 9:72 there is no site `rome`; there are: `bonn`",
    ]
    assert problems("{ team: golt }") == [], "without the settings nothing is known"


@pytest.mark.parametrize(
    ("need", "said"),
    [
        ("{ team: 'two words' }", "`two words` is no name of a team; no blanks and none of ; = | , { }"),
        ("{ site: { a: 1 } }", "`site` must be text, this is a mapping"),
        ("[{ team: a, for: 10s }, 7]", "a step of `need` must be a mapping"),
    ],
)
def test_what_is_no_name_is_refused(need: str, said: str) -> None:
    assert any(said in one for one in problems(need)), problems(need)
