"""The environment's file is published, kept and taken back as flows are, and never without the flows that need it."""

from __future__ import annotations

import pytest

from ivr.errors import Conflict, DialplanError
from ivr.publishing.model import ENVIRONMENT, version_of
from ivr.web import flow_desk
from tests.unit.ivr.publishing.town import Town, TownNode

OLD, NEW, OTHER = (f"flags: {{ {name} }}\n" for name in ("new_menu: false", "new_menu: true", "other: true"))


def shop(flag: str) -> str:
    return f"""
flow: small
languages: [en]
defaults: {{ error: end }}
states:
  arrive:
    go:
      - {{ if: flags.{flag}, to: new }}
      - {{ to: old }}
  new: {{ say: {{ en: new }}, on: {{ done: end }} }}
  old: {{ say: {{ en: old }}, on: {{ done: end }} }}
"""


def begins(node: TownNode) -> str:
    return node.store.begin("small").start({"id": "1"}, {}, 0.0)[0].state


async def test_a_changed_environment_is_live_on_every_node(town: Town) -> None:
    one, two = [await town.node(name, shop("new_menu"), environment=OLD) for name in ("one", "two")]
    one.environment.write_text(NEW, "utf-8")
    await one.step()
    await two.publisher.step()
    assert begins(one) == begins(two) == "new"
    assert two.environment.read_text("utf-8") == NEW, "a form on the other node reads what is live"
    await one.desk.roll_back("anna", ENVIRONMENT)
    await two.publisher.step()
    assert begins(one) == begins(two) == "old"
    assert one.environment.read_text("utf-8") == OLD
    again = await town.node("one", None)
    assert begins(again) == "old"
    assert again.publisher.health()["environment"] == version_of(OLD)
    assert [flow["name"] for flow in await one.desk.flows()] == ["small"], "it is no flow"


async def test_an_environment_that_flows_would_miss_something_in_is_refused(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    node = await town.node("one", shop("new_menu"), environment=OLD)
    node.environment.write_text(OTHER, "utf-8")
    await node.step()
    assert "the environment stays as it was" in caplog.text
    assert node.store.environment.version == version_of(OLD)
    with pytest.raises(DialplanError, match="unknown-field"):
        await node.desk.publish_texts("anna", "", {ENVIRONMENT: OTHER})
    node.environment.write_text(OLD, "utf-8")
    await node.desk.publish_texts("anna", "together", {ENVIRONMENT: OTHER, "small": shop("other")})
    assert begins(node) == "new"
    two = await town.node("two", None)
    assert begins(two) == "new"


async def test_flow_and_environment_that_change_together_in_files_find_each_other(town: Town) -> None:
    node = await town.node("one", shop("new_menu"), environment=OLD)
    both = "flags: { new_menu: false, other: true }\n"
    node.environment.write_text(both, "utf-8")
    node.write(shop("other"))
    for _ in range(3):
        await node.publisher.step()
        node.publisher.files_changed()
    assert begins(node) == "new"
    node.environment.write_text(OTHER, "utf-8")
    await node.step()
    assert node.store.environment.version == version_of(OTHER)


def test_the_web_room_calls_it_the_same() -> None:
    assert flow_desk.ENVIRONMENT == ENVIRONMENT


async def test_an_environment_is_for_all_callers(town: Town) -> None:
    node = await town.node("one", shop("new_menu"), environment=OLD)
    with pytest.raises(Conflict, match="percentages of their own"):
        await node.desk.publish_texts("anna", "", {ENVIRONMENT: NEW}, percent=10)
    await node.desk.publish_texts("anna", "", {ENVIRONMENT: NEW})
    with pytest.raises(Conflict, match="percentages of their own"):
        await node.desk.roll_out("anna", ENVIRONMENT, 1, 10)
    with pytest.raises(DialplanError):
        await node.desk.publish_texts("anna", "", {ENVIRONMENT: "flags: { new_menu: maybe }"})


async def test_what_is_wrong_is_logged_once_until_it_changes(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    node = await town.node("one", shop("new_menu"), environment=OLD)
    node.write(shop("nowhere"), "broken")
    caplog.clear()
    for _ in range(3):
        node.publisher.files_changed()
        await node.publisher.step()
    assert caplog.text.count("flows have problems") == 1
    node.write(shop("elsewhere"), "broken")
    await node.step()
    assert caplog.text.count("flows have problems") == 2
