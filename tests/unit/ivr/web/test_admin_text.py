"""What the editor asks while somebody writes: problems, outline, even text, picture, schema and names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.ivr.web.admin_house import TEXT, House


async def ask(path: str, **body: Any) -> dict[str, Any]:
    async with House().client("boss") as client:
        answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_problems_come_with_place_and_cure() -> None:
    found = await ask("/check", text=TEXT.replace("bill: human", "bill: humam"), name="telecom")
    (problem,) = [one for one in found["problems"] if one["code"] == "unknown-state"]
    assert (problem["line"], problem["severity"]) == (13, "error") and "human" in problem["cure"]
    assert {"link", "file", "column", "message"} <= problem.keys()


async def test_an_outline_is_there_for_texts_with_mistakes_too() -> None:
    found = (await ask("/check", text=TEXT.replace("bill: human", "bill: humam")))["outline"]
    assert [(one["name"], one["line"], one["end_line"], one["kind"]) for one in found["states"]] == [
        ("main", 11, 13, "menu"),
        ("human", 14, 16, "enqueue"),
        ("bye", 17, 18, "hangup"),
    ]
    assert found["intents"][0]["name"] == "bill" and found["defaults"][2]["name"] == "error"
    assert (await ask("/check", text="a: ["))["outline"] is None


@pytest.mark.parametrize(
    "text", ["", "a", "[]", "- x", "flow: x", "states: 1", "states: {a: 1}", "a: &x [*x]", "\x00", "{" * 50]
)
async def test_any_text_gets_an_answer(text: str) -> None:
    found = await ask("/check", text=text)
    assert any(one["severity"] == "error" for one in found["problems"])
    assert (await ask("/diagram", text=text))["problems"]
    assert (await ask("/format", text=text))["text"] is not None


async def test_a_text_is_made_even() -> None:
    found = await ask("/format", text="a:\n     b: 1   # c\n     d:  2\n")
    assert found == {"text": "a:\n  b: 1   # c\n  d:  2\n", "changed": True, "problems": []}
    assert (await ask("/format", text="a: ["))["problems"]


async def test_a_picture_has_states_edges_and_what_is_said() -> None:
    found = await ask("/diagram", text=TEXT, language="zh")
    assert [one["state"] for one in found["nodes"] if one["sort"] == "state"] == ["main", "human", "bye"]
    node = found["nodes"][0]
    assert (node["line"], node["end_line"]) == (11, 13)
    assert "您好" in found["svg"] and 'id="state-main"' in found["svg"]
    keys = {one["key"]: one for one in found["edges"]}
    assert keys["main bill"]["to"] == "human" and "* no_input" in keys


async def test_a_picture_can_have_counts_coverage_and_another_direction() -> None:
    found = await ask("/diagram", text=TEXT, counts=True, coverage={"states": {"main": 1}, "edges": {}}, direction="right")
    assert "账单 · 41" not in found["svg"] and "Bill · 41" in found["svg"] and "covered" in found["svg"]
    assert found["width"] > found["height"] / 2


async def test_a_picture_is_drawn_while_the_flow_has_mistakes_that_do_not_hide_it() -> None:
    found = await ask("/diagram", text=TEXT.replace("bill: human", "bill: humam"))
    assert found["svg"] is not None and {one["key"]: one["to"] for one in found["edges"]}["main bill"] == "*"
    broken = await ask("/diagram", text=TEXT.replace("queue: support", "queue: [").replace("[ }", "[] }"))
    assert broken["problems"] and 'id="state-human"' in broken["svg"]
    assert (await ask("/diagram", text="a: ["))["svg"] is None


@pytest.mark.parametrize("body", [{"coverage": 1}, {"counts": "x"}, {"language": 1}, {"inherited": 1}])
async def test_a_wrong_wish_is_refused(body: dict[str, Any]) -> None:
    async with House().client() as client:
        assert (await client.post("/diagram", json={"text": TEXT, **body})).status_code == 400


@pytest.mark.parametrize("coverage", [{}, {"states": None}, {"states": 1}, {"states": [], "edges": "x"}])
async def test_coverage_of_any_shape_does_no_harm(coverage: Any) -> None:
    async with House().client() as client:
        assert (await client.post("/diagram", json={"text": TEXT, "coverage": coverage})).status_code in (200, 400)


async def test_the_schema_is_sent_once() -> None:
    async with House().client() as client:
        first = await client.get("/schema")
        assert first.json()["title"] == "Hotline dialplan"
        again = await client.get("/schema", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


async def test_names_are_what_may_be_written() -> None:
    async with House().client() as client:
        found = (await client.get("/names")).json()
    assert found["queues"] == ["support"] and found["skills"] == []
    assert found["prompts"] == [{"name": "welcome", "languages": ["zh"], "texts": {"zh": "您好"}}]
    steps = {one["name"]: one for one in found["steps"]}
    assert steps["menu"]["waits"] and not steps["set"]["waits"] and steps["menu"]["doc"]
    assert {"caller", "profile", "slots", "vars"} <= {one["name"] for one in found["roots"]}
    assert [one["name"] for one in found["targets"]] == ["end", "again"]
