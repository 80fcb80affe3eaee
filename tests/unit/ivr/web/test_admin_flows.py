"""Texts, drafts, tests and versions by the admin API."""

from __future__ import annotations

import pytest

from tests.unit.ivr.web.admin_house import TEXT, House, stamp


async def test_flows_are_listed_with_what_is_wrong_in_them() -> None:
    house = House()
    house.flows.drafts["telecom"] = TEXT.replace("bill: human", "bill: humam")
    async with house.client() as client:
        (row,) = (await client.get("/flows")).json()["flows"]
    assert (row["name"], row["states"], row["errors"], row["languages"]) == ("telecom", 3, 1, ["zh", "en"])
    assert row["stamp"] == stamp(house.flows.drafts["telecom"])
    assert row["entry"] == "main" and row["has_test"] is True and "text" not in row


async def test_a_flow_comes_with_its_texts() -> None:
    async with House().client() as client:
        found = (await client.get("/flows/telecom")).json()
        assert found["text"] == found["live_text"] == TEXT and found["stamp"] == stamp(TEXT)
        assert found["test"]["text"] == "flow: telecom\n"
        for name in ("nothing", "..", "a%2Fb", "x" * 80, "a b"):
            assert (await client.get(f"/flows/{name}")).status_code == 404


async def test_a_draft_is_kept_even_with_errors() -> None:
    house = House()
    async with house.client() as client:
        answer = await client.put("/flows/telecom/draft", json={"text": "flow: [", "stamp": stamp(TEXT)})
        assert answer.status_code == 200
        saved = answer.json()
        assert saved["by"] == "root" and saved["problems"][0]["code"] == "yaml"
        assert house.told == [("draft", {"flow": "telecom", "by": "root", "at": 7.0, "stamp": saved["stamp"]})]
        back = await client.delete("/flows/telecom/draft", params={"stamp": saved["stamp"]})
        assert back.json()["text"] == TEXT and back.json()["discarded"] == "flow: ["
    assert [one["what"] for one in house.audit.kept] == ["draft discarded", "draft saved"]


async def test_a_stale_draft_is_refused_with_both_texts() -> None:
    async with House().client() as client:
        answer = await client.put("/flows/telecom/draft", json={"text": "mine", "stamp": "old"})
    found = answer.json()
    assert answer.status_code == 409 and found["error"]["code"] == "stale" and found["error"]["cure"]
    assert (found["yours"], found["theirs"], found["stamp"], found["by"]) == ("mine", TEXT, stamp(TEXT), "li")


async def test_a_new_flow_works_from_the_start() -> None:
    async with House().client() as client:
        made = await client.post("/flows", json={"name": "shop"})
        assert made.status_code == 201 and made.json()["errors"] == 0 and made.json()["live_text"] == ""
        assert (await client.post("/flows", json={"name": "shop"})).status_code == 409
        for name in ("", "1x", "a b", "../x", "x" * 65):
            assert (await client.post("/flows", json={"name": name})).status_code == 400


async def test_publishing_takes_note_time_and_percent() -> None:
    house = House()
    async with house.client() as client:
        text = TEXT.replace("您好", "早上好")
        saved = (await client.put("/flows/telecom/draft", json={"text": text, "stamp": stamp(TEXT)})).json()
        body = {"stamp": saved["stamp"], "note": "friendlier", "percent": 30, "at": 1.8e9}
        made = await client.post("/flows/telecom/publish", json=body)
    assert made.status_code == 200 and made.json()["number"] == 2
    assert house.flows.done == [("publish", "root", "friendlier", {"percent": 30.0, "at": 1.8e9, "until": None})]
    assert house.told[-1][0] == "published" and house.audit.kept[0]["note"] == "friendlier"


async def test_a_draft_with_errors_is_not_published() -> None:
    house = House()
    house.flows.drafts["telecom"] = text = TEXT.replace("bill: human", "bill: humam")
    async with house.client() as client:
        answer = await client.post("/flows/telecom/publish", json={"stamp": stamp(text)})
        assert answer.status_code == 422
        (problem,) = [one for one in answer.json()["problems"] if one["severity"] == "error"]
        assert problem["code"] == "unknown-state" and "human" in problem["cure"]
        assert answer.json()["error"]["place"]["line"] == problem["line"]
        assert (await client.post("/flows/telecom/publish", json={"stamp": "old"})).status_code == 409


async def test_versions_roll_outs_and_rollbacks() -> None:
    house = House()
    async with house.client() as client:
        assert (await client.get("/flows/telecom/versions?before=9&limit=3")).json()["live"] == 1
        assert (await client.get("/flows/telecom/versions/1")).json()["text"] == TEXT
        assert (await client.get("/flows/telecom/versions/7")).status_code == 404
        assert (await client.get("/flows/telecom/diff?from=1&to=draft")).json()["from"] == "1"
        assert (await client.post("/flows/telecom/rollout", json={"number": 2, "percent": 0})).status_code == 200
        assert (await client.post("/flows/telecom/rollback", json={"note": "oh"})).status_code == 200
        assert (await client.delete("/flows/telecom/schedule/4")).status_code == 200
    assert house.flows.done == [
        ("versions", "telecom", 9, 3),
        ("roll_out", "telecom", 2, 0.0),
        ("roll_back", "telecom", None, "oh"),
        ("cancel", "telecom", 4),
    ]
    assert len(house.audit.kept) == 3


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/flows/telecom/rollout", {"number": "x", "percent": 1}),
        ("/flows/telecom/rollout", {"number": 1, "percent": 101}),
        ("/flows/telecom/rollout", {"percent": 1}),
        ("/flows/telecom/publish", {"stamp": "", "percent": True}),
        ("/flows/telecom/publish", {"stamp": "", "at": 1e300}),
        ("/flows/telecom/publish", {"stamp": 1}),
        ("/flows/telecom/rollback", {"number": -1}),
    ],
)
async def test_wrong_numbers_are_refused(path: str, body: dict[str, object]) -> None:
    async with House().client() as client:
        assert (await client.post(path, json=body)).status_code == 400


async def test_wrong_queries_are_refused() -> None:
    async with House().client() as client:
        for query in (
            "versions?before=x",
            "versions?limit=0",
            "versions?limit=99999999999",
            "diff?from=../x",
            "counts?day=today",
        ):
            assert (await client.get(f"/flows/telecom/{query}")).status_code == 400, query


async def test_tests_are_kept_beside_the_flow() -> None:
    async with House().client() as client:
        body = {"text": "flow: telecom\ncases: []\n", "stamp": stamp("flow: telecom\n")}
        assert (await client.put("/flows/telecom/test", json=body)).json()["problems"] == []
        assert (await client.put("/flows/telecom/test", json=body)).status_code == 409


async def test_counts_are_those_of_a_day() -> None:
    async with House().client("boss") as client:
        assert (await client.get("/flows/telecom/counts?day=2026-01-31")).json()["day"] == "2026-01-31"
