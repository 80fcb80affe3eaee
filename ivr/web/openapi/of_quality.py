"""Scorecards, reviews, appeals, calibrations, coaching. Pure; docs/quality.md explains the shapes."""

from __future__ import annotations

from typing import Any

from ivr.web.openapi.operation import Op

_ROOT = "/api/v1/quality"
REVIEWERS = ("quality", "supervisor", "admin")
ALL = (*REVIEWERS, "agent", "senior")
AGENTS = ("agent", "senior")
_SCORE = {
    "score": "number?",
    "raw": "number?",
    "passed": "any",
    "fatal": ["text"],
    "covered": "number 0..1",
    "open": ["text"],
}
_ROW: dict[str, Any] = {
    "id": "text",
    "contact_id": "text",
    "contact": "object?",
    "card": "text",
    "card_title": "object",
    "version": "text",
    "evaluator": "text",
    "evaluator_name": "text",
    "agent_id": "text",
    "agent_name": "text",
    "state": "draft|published|appealed|settled",
    "score": _SCORE,
    "created_at": "time",
    "updated_at": "time",
    "published_at": "number?",
    "seen_at": "number?",
    "calibration": "text",
    "appeal": "any",
}
_REVIEW = {
    **_ROW,
    "rev": "int 1..",
    "card_body": "object",
    "answers": {"*": "object"},
    "comment": "text",
    "history": ["object"],
    "appeal_body": "object?",
    "coaching": ["object"],
    "may": {"*": "bool"},
    "appeal_until": "number?",
}
_WORK = {
    "contact_id": "text",
    "contact": "object?",
    "reason": "complaint|bad_mood|low_score|random",
    "picked_at": "time",
    "state": "open|taken|done|skipped",
    "assignee": "text",
    "assignee_name": "text",
    "card": "text",
    "automatic": "object?",
    "review_id": "any",
}
_NOTE = {
    "id": "text",
    "agent_id": "text",
    "agent_name": "text",
    "contact_id": "text",
    "review_id": "text",
    "at": "number?",
    "text": "text",
    "by": "text",
    "by_name": "text",
    "created_at": "time",
    "acknowledged_at": "number?",
    "answer": "text",
}
_ROUND = {
    "id": "text",
    "title": "text",
    "contact_id": "text",
    "contact": "object?",
    "card": "text",
    "card_body": "object",
    "by": "text",
    "by_name": "text",
    "created_at": "time",
    "state": "open|closed",
    "closed_at": "number?",
    "reference": "text",
    "evaluators": ["object"],
    "mine": "any",
    "result": "object?",
}
_POINT = {"at": "time", "score": "number?", "reviews": "int 0..", "passed": "int 0..", "fatal": "int 0.."}
_COUNTS = {"unseen": "int 0..", "coaching": "int 0.."}
_SPAN = {"from?": "number 0..100000000000", "to?": "number 0..100000000000"}
_PAGE = {"before?": "text 128", "limit?": "int 1.."}
_WHOSE = {"agent?": "text 128", "queue?": "text 128", "card?": "text 128", "evaluator?": "people|automatic"}
_VALUE = {"value?": "any", "comment?": "text 1000", "at?": "number?"}

OPS = (
    Op(f"GET {_ROOT}/cards", "The scorecards in force", ALL, answer={"cards": ["object"], "problems": "int 0.."}),
    Op(
        f"GET {_ROOT}/people",
        "Agents and reviewers",
        REVIEWERS,
        answer={"agents": [{"id": "text", "name": "text"}], "reviewers": [{"id": "text", "name": "text"}]},
    ),
    Op(
        f"GET {_ROOT}/contacts",
        "Contacts with an agent, to browse",
        REVIEWERS,
        query={
            "q?": "text 128",
            "agent?": "text 128",
            "queue?": "text 128",
            "mood?": "calm|tense|angry",
            "most?": "number 0..100",
            "reviewed?": "yes|no",
            **_SPAN,
            **_PAGE,
        },
        answer={"contacts": [{"contact": "object", "automatic": "object?", "reviews": "int 0.."}], "next": "any"},
    ),
    Op(
        f"GET {_ROOT}/contacts/{{contact_id}}",
        "Everything about one contact",
        REVIEWERS,
        answer={"contact": "object", "card": "any", "reviews": [_ROW], "coaching": [_NOTE], "work": "object?"},
    ),
    Op(
        f"GET {_ROOT}/work",
        "The work list of reviewers, fairest first",
        REVIEWERS,
        query={"view?": "open|mine|done", "agent?": "text 128", "reason?": "complaint|bad_mood|low_score|random", **_PAGE},
        answer={"work": [_WORK], "counts": {"open": "int 0..", "mine": "int 0..", "done_week": "int 0.."}},
    ),
    Op(f"POST {_ROOT}/work/{{contact_id}}/take", "Take a contact; the answer is its draft", REVIEWERS, answer=_REVIEW),
    Op(f"POST {_ROOT}/work/{{contact_id}}/release", "Give it back to the list", REVIEWERS),
    Op(f"POST {_ROOT}/work/{{contact_id}}/skip", "Done without a review", REVIEWERS, body={"reason": "text 500"}),
    Op(
        f"GET {_ROOT}/reviews",
        "Reviews, the newest first; agents get theirs that are published",
        ALL,
        query={
            "contact?": "text 128",
            "agent?": "text 128",
            "evaluator?": "text 128",
            "card?": "text 128",
            "queue?": "text 128",
            "state?": "draft|published|appealed|settled",
            "most?": "number 0..100",
            **_SPAN,
            **_PAGE,
        },
        answer={"reviews": [_ROW], "next": "any"},
    ),
    Op(
        f"POST {_ROOT}/reviews",
        "Begin a review: a draft, prefilled by rule; 200 where there is one already",
        REVIEWERS,
        body={"contact": "text 64", "card?": "text 48"},
        answer=_REVIEW,
        status=201,
    ),
    Op(f"GET {_ROOT}/reviews/{{id}}", "Everything of a review", ALL, answer=_REVIEW),
    Op(
        f"PATCH {_ROOT}/reviews/{{id}}",
        "Keep what changed of a draft",
        REVIEWERS,
        body={"rev": "int 1..", "answers?": {"*": _VALUE}, "comment?": "text 4000"},
        answer={"rev": "int 1..", "answers": {"*": "object"}, "comment": "text", "score": _SCORE, "updated_at": "time"},
        more="A question with null in its place loses its answer. 409 where `rev` is not the last: load the review again.",
    ),
    Op(f"DELETE {_ROOT}/reviews/{{id}}", "Drop a draft", REVIEWERS),
    Op(f"POST {_ROOT}/reviews/{{id}}/publish", "Let the agent see it", REVIEWERS, body={"rev": "int 1.."}, answer=_REVIEW),
    Op(f"POST {_ROOT}/reviews/{{id}}/acknowledge", "The agent has read it", ALL, answer=_REVIEW),
    Op(
        f"POST {_ROOT}/reviews/{{id}}/appeal",
        "The agent disagrees",
        ALL,
        body={"reasons": {"*": "text 1000"}, "comment?": "text 4000"},
        answer=_REVIEW,
    ),
    Op(
        f"POST {_ROOT}/reviews/{{id}}/decide",
        "Decide an appeal, as somebody other than the evaluator",
        REVIEWERS,
        body={
            "decisions": {"*": {"granted": "bool", "value?": "any", "reason": "text 1000"}},
            "answer?": "text 4000",
        },
        answer=_REVIEW,
    ),
    Op(
        f"GET {_ROOT}/appeals",
        "Appeals with their reviews; open ones: the oldest first",
        REVIEWERS,
        query={"state?": "open|decided", "agent?": "text 128", **_PAGE},
        answer={"appeals": [{"appeal": "object", "review": _ROW}], "next": "any"},
    ),
    Op(
        f"GET {_ROOT}/calibrations",
        "Calibrations, one's own first",
        REVIEWERS,
        query={"state?": "open|closed"},
        answer={"calibrations": [_ROUND]},
    ),
    Op(
        f"POST {_ROOT}/calibrations",
        "Let several people judge one contact, blind",
        REVIEWERS,
        body={
            "contact": "text 64",
            "card?": "text 48",
            "title?": "text 200",
            "evaluators": ["text 128"],
            "reference?": "text 128",
        },
        answer=_ROUND,
        status=201,
    ),
    Op(f"GET {_ROOT}/calibrations/{{id}}", "One, with its result once it is closed", REVIEWERS, answer=_ROUND),
    Op(f"POST {_ROOT}/calibrations/{{id}}/join", "My draft in it, empty", REVIEWERS, answer=_REVIEW),
    Op(f"POST {_ROOT}/calibrations/{{id}}/close", "Show everybody what all have answered", REVIEWERS, answer=_ROUND),
    Op(
        f"GET {_ROOT}/coaching",
        "Coaching notes, the newest first; agents get theirs",
        ALL,
        query={"agent?": "text 128", "contact?": "text 128", "open?": "yes|no", **_PAGE},
        answer={"coaching": [_NOTE], "next": "any"},
    ),
    Op(
        f"POST {_ROOT}/coaching",
        "Write a note to an agent",
        REVIEWERS,
        body={"agent": "text 128", "contact?": "text 64", "review?": "text 32", "at?": "number?", "text": "text 4000"},
        answer=_NOTE,
        status=201,
    ),
    Op(f"DELETE {_ROOT}/coaching/{{id}}", "Its author, until it is read", REVIEWERS),
    Op(
        f"POST {_ROOT}/coaching/{{id}}/acknowledge",
        "The agent has read it",
        ALL,
        body={"answer?": "text 4000"},
        answer=_NOTE,
    ),
    Op(
        f"GET {_ROOT}/mine",
        "What an agent sees of himself",
        AGENTS,
        answer={**_COUNTS, "appeals": "int 0..", "reviews": [_ROW], "notes": [_NOTE], "trend": [_POINT]},
    ),
    Op(f"GET {_ROOT}/mine/count", "How much of it is new", AGENTS, answer=_COUNTS),
    Op(
        f"GET {_ROOT}/trend",
        "Scores by day or week; agents get their own",
        ALL,
        query={**_WHOSE, **_SPAN, "step?": "day|week"},
        answer={"points": [_POINT]},
    ),
    Op(
        f"GET {_ROOT}/agents",
        "A row for each agent",
        REVIEWERS,
        query={"queue?": "text 128", **_SPAN},
        answer={"agents": ["object"]},
    ),
    Op(
        f"GET {_ROOT}/questions",
        "How each question of a card was answered; agents get their own",
        ALL,
        query={**_WHOSE, **_SPAN},
        answer={"card": "object", "questions": ["object"]},
    ),
)
