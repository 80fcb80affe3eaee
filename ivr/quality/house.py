"""What reviewers and agents do with reviews: every right and every rule is here, so that a page cannot forget one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ivr.errors import Conflict, NotAllowed
from ivr.quality import showing
from ivr.quality.appeals import Appeals
from ivr.quality.browsing import Browsing
from ivr.quality.calibrations import Calibrations
from ivr.quality.coaching import Coaching
from ivr.quality.judging import Judge, about
from ivr.quality.model import Card, card_of, fitting
from ivr.quality.reviews import Reviews
from ivr.quality.rights import SHOWN, Person, appeal_until, may, others, sees
from ivr.quality.rules import OPEN
from ivr.quality.scoring import score
from ivr.quality.sql import Clock, Row
from ivr.quality.tables import AUTOMATIC
from ivr.quality.trends import Trends
from ivr.quality.worklist import SINCE, WorkList

MOST_CARDS = 500
"""Versions of cards that are remembered."""
Tell = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""Tells an agent's page, wherever it is."""


class Directory(Protocol):
    """Who there is."""

    async def names(self) -> Mapping[str, str]:
        """Account to name."""

    async def people(self) -> Sequence[tuple[str, str, tuple[str, ...]]]:
        """(account, name, roles) of everybody, by name."""


class Shelf(Protocol):
    """The cards in force."""

    @property
    def cards(self) -> Mapping[str, Card]: ...

    @property
    def wrong(self) -> int: ...


@dataclass(slots=True)
class QualityHouse:
    """Every method raises StoreUnavailable where the database is away, and Conflict, NotAllowed, NotFound in words."""

    shelf: Shelf
    judge: Judge
    reviews: Reviews
    appeals: Appeals
    work: WorkList
    calibrations: Calibrations
    coaching: Coaching
    trends: Trends
    browsing: Browsing
    directory: Directory
    clock: Clock
    tell: Tell
    appeal_days: float = 7.0
    _bodies: dict[str, Row] = field(default_factory=dict)

    # --- cards and contacts

    async def body(self, version: str) -> Row:
        """A card as it was."""
        if version not in self._bodies:
            if len(self._bodies) >= MOST_CARDS:
                self._bodies.clear()
            self._bodies[version] = await self.reviews.card(version)
        return self._bodies[version]

    async def shown(self, rows: Iterable[Row]) -> list[Row]:
        """Reviews as `Row`."""
        listed, names = list(rows), await self.directory.names()
        titles = {version: (await self.body(version))["title"] for version in {row["version"] for row in listed}}
        appeals = await self.appeals.of([row["id"] for row in listed if row["state"] in ("appealed", "settled")])
        return [
            showing.review_row(row, names, titles, appeals[row["id"]]["id"] if row["id"] in appeals else None) for row in listed
        ]

    async def contact(self, person: Person, contact_id: str) -> Row:
        """All that is known of one contact."""
        row = await self.judge.contact(contact_id)
        names, card = await self.directory.names(), fitting(self.shelf.cards, row)
        work = await self.work.get(contact_id)
        found = [one for one in await self.reviews.of_contact(contact_id) if sees(person, one)]
        by = {one["evaluator"]: one for one in found}
        mine = by.get(person.id)
        return {
            "contact": showing.contact(await self.browsing.contact(contact_id), names),
            "card": card.name if card is not None else None,
            "reviews": await self.shown(found),
            "coaching": [showing.note(one, names) for one in await self.coaching.page(100, contact=contact_id)],
            "work": showing.work(work, names, by.get(AUTOMATIC), mine["id"] if mine else None) if work else None,
        }

    async def browse(self, person: Person, wanted: Mapping[str, Any], before: str | None, limit: int) -> list[Row]:
        names = await self.directory.names()
        found = await self.browsing.page({**wanted, "not_of": person.id}, before, limit)
        return [
            {
                "contact": showing.contact(row, names),
                "automatic": showing.score(row) if row["automatic_id"] else None,
                "reviews": row["n"],
            }
            for row in found
        ]

    # --- the work list

    async def listed(self, person: Person, view: str, agent: str | None, reason: str | None, limit: int) -> list[Row]:
        lately = await self.reviews.by_people_since(self.clock() - SINCE)
        names = await self.directory.names()
        listed = await self.work.view(view, person.id, agent, reason, lately, limit)
        by = await self.reviews.by_contact([row["contact_id"] for row in listed], (AUTOMATIC, person.id))
        told = []
        for row in listed:
            mine = by.get((row["contact_id"], person.id))
            told.append(showing.work(row, names, by.get((row["contact_id"], AUTOMATIC)), mine["id"] if mine else None))
        return told

    async def take(self, person: Person, contact_id: str) -> Row:
        """Mine from now on, with its draft."""
        await self.work.move(contact_id, person.id, "taken")
        review_id, _ = await self.begin(person, contact_id)
        return await self.review(person, review_id)

    # --- reviews

    async def page(
        self, person: Person, wanted: Mapping[str, Any], before: str | None, limit: int
    ) -> tuple[list[Row], str | None]:
        """Reviews and where the next page begins. Agents get what is theirs, whatever they ask for."""
        if not person.reviews:
            wanted = {**wanted, "agent": person.id, "shown_only": True}
        found = await self.reviews.page(wanted, before, limit)
        following = found[-1]["id"] if len(found) == limit else None
        return await self.shown(row for row in found if sees(person, row)), following

    async def begin(self, person: Person, contact_id: str, card: str = "") -> tuple[str, bool]:
        """Id of my review of a contact, prefilled by rule, and whether it is new."""
        there = await self.reviews.find(contact_id, person.id)
        if there is not None:
            if card and there["card"] != card:
                raise Conflict(f"you have reviewed this contact by the card {there['card']}; drop that draft first")
            return there["id"], False
        row = await self.judge.contact(contact_id)
        others(person, row["agent_id"])
        judged = await self.judge.of(row, card)
        if judged is None:
            raise Conflict("no scorecard fits this contact; name one as `card`")
        values = {**judged.about, "evaluator": person.id, "calibration": ""}
        made = await self.reviews.make(judged.card.to_dict(), values, judged.answers, judged.score)
        if made is None:  # another tab was quicker
            return await self.begin(person, contact_id, card)
        return made, True

    async def blank(self, person: Person, contact_id: str, body: Row, calibration: str) -> str:
        """Id of my review in a calibration: by the card as it was when that began, and without the answers of rules."""
        row, card = await self.judge.contact(contact_id), card_of(body)
        answers = {question.name: dict(OPEN) for question in card.questions()}
        values = {**about(row), "evaluator": person.id, "calibration": calibration}
        made = await self.reviews.make(body, values, answers, score(card, answers))
        if made is not None:
            return made
        there = await self.reviews.find(contact_id, person.id, calibration)  # another tab was quicker
        return str(there["id"]) if there is not None else await self.blank(person, contact_id, body, calibration)

    async def review(self, person: Person, review_id: str) -> Row:
        """Everything of a review."""
        row = await self._seen(person, review_id)
        names, card = await self.directory.names(), await self.body(row["version"])
        appeal = (await self.appeals.of([review_id])).get(review_id)
        history = await self.reviews.changes(review_id)
        notes = [] if row["calibration"] else await self.coaching.page(100, review=review_id)
        return showing.review(row, names, card, history, appeal, notes, person, self.appeal_days, self.clock())

    async def save(self, person: Person, review_id: str, rev: int, given: Mapping[str, Any] | None, comment: str | None) -> Row:
        """Keep what changed of a draft. `given` is question to the members of its answer that are others now, or None."""
        row = await self._may(person, review_id, "edit", "only its evaluator changes a review, and only a draft")
        if row["rev"] != rev:
            raise Conflict("this review was changed elsewhere; load it again")
        card = card_of(await self.body(row["version"]))
        answers = merged(card, row["answers"], given or {})
        text = row["comment"] if comment is None else comment
        found = score(card, answers)
        at = await self.reviews.save(review_id, rev, answers, text, found)
        return {"rev": rev + 1, "answers": answers, "comment": text, "score": found.to_dict(), "updated_at": at}

    async def publish(self, person: Person, review_id: str, rev: int) -> Row:
        """Let the agent see it; in a calibration: hand it in."""
        row = await self._may(person, review_id, "publish", "only its evaluator publishes a draft")
        if row["rev"] != rev:
            raise Conflict("this review was changed elsewhere; load it again")
        found = score(card_of(await self.body(row["version"])), row["answers"])
        if found.open:
            raise Conflict(f"these questions are open: {', '.join(found.open)}")
        if found.score is None:
            raise Conflict("nothing was answered that counts")
        await self.reviews.publish(row, person.id)
        if not row["calibration"]:
            await self.news(row["agent_id"])
        return await self.review(person, review_id)

    async def drop(self, person: Person, review_id: str) -> None:
        """Remove my draft; the contact is free for others."""
        row = await self._may(person, review_id, "drop", "only its evaluator drops a draft")
        await self.reviews.drop(review_id)
        there = None if row["calibration"] else await self.work.get(row["contact_id"])
        if there is not None and there["state"] == "taken" and there["assignee"] == person.id:
            await self.work.move(row["contact_id"], person.id, "open")

    async def acknowledge(self, person: Person, review_id: str) -> Row:
        row = await self._seen(person, review_id)
        if person.id != row["agent_id"] or row["state"] not in SHOWN:
            raise NotAllowed("the agent whom it is about acknowledges a review")
        await self.reviews.seen(review_id, person.id)
        await self.news(person.id)
        return await self.review(person, review_id)

    # --- appeals

    async def appeal(self, person: Person, review_id: str, reasons: Mapping[str, str], comment: str) -> Row:
        row = await self._seen(person, review_id)
        if person.id != row["agent_id"]:
            raise NotAllowed("the agent whom it is about appeals")
        until = appeal_until(row, self.appeal_days)
        if not may(person, row, self.appeal_days, self.clock())["appeal"] or until is None:
            late = row["state"] == "published"
            raise Conflict("the time for an appeal is over" if late else "only what is published and was not appealed can be")
        _known(card_of(await self.body(row["version"])), reasons)
        await self.appeals.open(row, reasons, comment, until)
        return await self.review(person, review_id)

    async def decide(self, person: Person, review_id: str, given: Mapping[str, Row], answer: str) -> Row:
        """`given` is question to `{granted, value, reason}`."""
        row = await self._seen(person, review_id)
        if row["state"] != "appealed":
            raise Conflict("there is no appeal to decide")
        if not may(person, row, self.appeal_days, self.clock())["decide"]:
            raise NotAllowed("somebody other than its evaluator and its agent decides an appeal")
        appeal = (await self.appeals.of([review_id]))[review_id]
        missing = sorted(set(appeal["reasons"]) - set(given))
        if missing or set(given) - set(appeal["reasons"]):
            raise Conflict(f"decide each question that was appealed, and no other: {', '.join(sorted(appeal['reasons']))}")
        card = card_of(await self.body(row["version"]))
        decisions = {name: {**one, "before": row["answers"].get(name, OPEN)["value"]} for name, one in given.items()}
        changed = {name: {"value": one["value"]} for name, one in given.items() if one["granted"]}
        answers = merged(card, row["answers"], changed)
        await self.appeals.decide(row, person.id, decisions, answer, answers, score(card, answers))
        await self.news(row["agent_id"])
        return await self.review(person, review_id)

    async def appealed(
        self, person: Person, state: str | None, agent: str | None, before: str | None, limit: int
    ) -> tuple[list[Row], str | None]:
        """Appeals with their reviews, but those about `person`, and where the next page begins."""
        names, found = await self.directory.names(), await self.appeals.page(state, agent, before, limit)
        following = found[-1]["id"] if len(found) == limit else None
        others = [row for row in found if row["agent_id"] != person.id]
        judged = {row["id"]: row for row in await self.reviews.several([one["review_id"] for one in others])}
        shown = {row["id"]: row for row in await self.shown(judged.values())}
        told = [
            {"appeal": showing.appeal_told(one, names), "review": shown[one["review_id"]]}
            for one in others
            if one["review_id"] in shown
        ]
        return told, following

    # --- for agents

    async def counts(self, agent_id: str) -> dict[str, int]:
        return {"unseen": await self.reviews.unseen(agent_id), "coaching": await self.coaching.unread(agent_id)}

    async def news(self, agent_id: str) -> None:
        """Tell an agent's page how much is new."""
        await self.tell(agent_id, await self.counts(agent_id))

    async def shown_to(self, agent_id: str, contact_id: str) -> bool:
        """Whether an agent may listen to a contact: a review of it, or a coaching note about it, is his to see."""
        found = await self.reviews.of_contact(contact_id)
        if any(row["agent_id"] == agent_id and row["state"] in SHOWN for row in found):
            return True
        return bool(await self.coaching.page(1, agent=agent_id, contact=contact_id))

    async def _seen(self, person: Person, review_id: str) -> Row:
        """A review that `person` may look at. Raises NotFound and NotAllowed."""
        row = await self.reviews.get(review_id)
        closed = not row["calibration"] or (await self.calibrations.get(row["calibration"]))["state"] == "closed"
        if not sees(person, row, closed):
            raise NotAllowed("this review is not yours to see")
        return row

    async def _may(self, person: Person, review_id: str, what: str, words: str) -> Row:
        row = await self._seen(person, review_id)
        if not may(person, row, self.appeal_days, self.clock())[what]:
            raise (Conflict if person.id == row["evaluator"] else NotAllowed)(words)
        return row


def _known(card: Card, questions: Iterable[str]) -> None:
    names = {question.name for question in card.questions()}
    for one in questions:
        if one not in names:
            raise Conflict(f"the card has no question {one[:48]}")


def merged(card: Card, answers: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Answers with what was given: what a rule answered and nobody answers otherwise stays its own. Raises Conflict."""
    _known(card, given)
    found = {question.name: {**OPEN, **answers.get(question.name, {})} for question in card.questions()}
    for question in card.questions():
        if question.name not in given:
            continue
        told = given[question.name]
        if told is None:
            found[question.name] = dict(OPEN)
            continue
        before = found[question.name]
        value = told.get("value", before["value"])
        try:
            question.points(value)
        except ValueError as error:
            raise Conflict(str(error)) from error
        same = value == before["value"] and type(value) is type(before["value"])
        kept = before if same else {**before, "automatic": False, "why": {}}
        found[question.name] = {**kept, **told, "value": value}
    return found
