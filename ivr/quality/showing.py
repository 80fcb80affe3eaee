"""Rows as docs/quality.md has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ivr.quality.reviews import contact_of
from ivr.quality.rights import Person, appeal_until, may
from ivr.quality.tables import AUTOMATIC

Row = Mapping[str, Any]
Names = Mapping[str, str]
"""Account to name."""


def name(names: Names, who: str) -> str:
    return "" if who == AUTOMATIC else names.get(who, who)


def contact(row: Row, names: Names) -> dict[str, Any] | None:
    found = contact_of(row)
    return None if found is None else {**found, "agent_name": name(names, found["agent_id"] or "")}


def score(row: Row) -> dict[str, Any]:
    """`Score` of a review's row."""
    told = {key: row[key] for key in ("score", "raw", "passed", "covered")}
    missing = [question for question, one in row["answers"].items() if one.get("value") is None]
    return {**told, "fatal": list(row["fatal"]), "open": missing}


def review_row(row: Row, names: Names, titles: Mapping[str, Any], appeal: str | None = None) -> dict[str, Any]:
    """`Row`; `titles` are those of cards by version."""
    copied = ("id", "contact_id", "card", "version", "evaluator", "agent_id", "state", "created_at", "updated_at")
    return {
        **{key: row[key] for key in (*copied, "published_at", "seen_at", "calibration")},
        "contact": contact(row, names),
        "card_title": dict(titles.get(row["version"], {})),
        "evaluator_name": name(names, row["evaluator"]),
        "agent_name": name(names, row["agent_id"]),
        "score": score(row),
        "appeal": appeal,
    }


def review(
    row: Row,
    names: Names,
    card: Row,
    history: Sequence[Row],
    appeal: Row | None,
    notes: Sequence[Row],
    person: Person,
    days: float,
    now: float,
) -> dict[str, Any]:
    """`Review`: everything, and what `person` may do with it."""
    told = review_row(row, names, {row["version"]: card["title"]}, appeal["id"] if appeal else None)
    return {
        **told,
        "rev": row["rev"],
        "card_body": dict(card),
        "answers": dict(row["answers"]),
        "comment": row["comment"],
        "history": [
            {"at": one["at"], "by": one["by"], "by_name": name(names, one["by"]), "what": one["what"], "detail": one["detail"]}
            for one in history
        ],
        "appeal_body": None if appeal is None else appeal_told(appeal, names),
        "coaching": [note(one, names) for one in notes],
        "may": may(person, row, days, now),
        "appeal_until": appeal_until(row, days),
    }


def appeal_told(row: Row, names: Names) -> dict[str, Any]:
    copied = ("id", "review_id", "agent_id", "opened_at", "until", "comment", "state", "decided_at", "decided_by", "answer")
    return {
        **{key: row[key] for key in (*copied, "score_before", "score_after")},
        "reasons": dict(row["reasons"]),
        "decisions": dict(row["decisions"]),
        "agent_name": name(names, row["agent_id"]),
        "decided_by_name": name(names, row["decided_by"]),
    }


def note(row: Row, names: Names) -> dict[str, Any]:
    """`Coaching`."""
    return {**row, "agent_name": name(names, row["agent_id"]), "by_name": name(names, row["by"])}


def work(row: Row, names: Names, automatic: Row | None, mine: str | None) -> dict[str, Any]:
    """`Work`."""
    copied = ("contact_id", "reason", "picked_at", "state", "assignee", "card")
    return {
        **{key: row[key] for key in copied},
        "contact": contact(row, names),
        "assignee_name": name(names, row["assignee"]),
        "automatic": None if automatic is None else score(automatic),
        "review_id": mine,
    }


def calibration(row: Row, names: Names, card: Row, reviews: Sequence[Row], person: Person) -> dict[str, Any]:
    """`Calibration`: while it is open nobody sees more of the others than how far they are."""
    closed = row["state"] == "closed"
    by = {one["evaluator"]: one for one in reviews}
    evaluators = []
    for who in row["evaluators"]:
        mine = by.get(who)
        state = "invited" if mine is None else "draft" if mine["state"] == "draft" else "handed_in"
        shown = mine is not None and (closed or who == person.id)
        evaluators.append(
            {"id": who, "name": name(names, who), "state": state, "review_id": mine["id"] if mine and shown else None}
        )
    copied = ("id", "title", "contact_id", "card", "by", "created_at", "state", "closed_at", "reference")
    own = by.get(person.id)
    return {
        **{key: row[key] for key in copied},
        "contact": contact(row, names),
        "card_body": dict(card),
        "by_name": name(names, row["by"]),
        "evaluators": evaluators,
        "mine": own["id"] if own else None,
        "result": row["result"] if closed else None,
    }
