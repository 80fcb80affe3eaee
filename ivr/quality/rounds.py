"""Calibrations and coaching: who may, and what is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.errors import Conflict, NotAllowed
from ivr.quality import showing
from ivr.quality.house import QualityHouse
from ivr.quality.model import Card, card_of, fitting
from ivr.quality.rights import AGENTS, REVIEWERS, Person, others
from ivr.quality.scoring import spread
from ivr.quality.sql import Row

MOST_EVALUATORS = 20


@dataclass(frozen=True, slots=True)
class Rounds:
    """Every method raises StoreUnavailable where the database is away, and Conflict, NotAllowed, NotFound in words."""

    house: QualityHouse

    # --- calibrations

    async def listed(self, person: Person, state: str | None) -> list[Row]:
        """Those that concern `person` first, then the newest first."""
        found = [row for row in await self.house.calibrations.page(state) if row["c_agent_id"] != person.id]
        found.sort(key=lambda row: person.id != row["by"] and person.id not in row["evaluators"])
        return [await self._told(person, row) for row in found]

    async def one(self, person: Person, calibration_id: str) -> Row:
        return await self._told(person, await self._get(person, calibration_id))

    async def _get(self, person: Person, calibration_id: str) -> Row:
        row = await self.house.calibrations.get(calibration_id)
        others(person, row["c_agent_id"])
        return row

    async def begin(
        self, person: Person, contact_id: str, card: str, title: str, evaluators: Sequence[str], reference: str
    ) -> str:
        """Returns the id."""
        row = await self.house.judge.contact(contact_id)
        others(person, row["agent_id"])
        found = self._card(row, card)
        names = list(dict.fromkeys(evaluators))
        roles = {who: set(held) for who, _, held in await self.house.directory.people()}
        for who in names:
            if not roles.get(who, set()) & REVIEWERS:
                raise Conflict(f"evaluators: {who[:128]} is nobody who reviews")
            if who == row["agent_id"]:
                raise Conflict(f"evaluators: {who[:128]} had this contact")
        if not 2 <= len(names) <= MOST_EVALUATORS:
            raise Conflict(f"evaluators: 2 to {MOST_EVALUATORS}")
        if reference and reference not in names:
            raise Conflict("reference: one of the evaluators, or nobody")
        shown = title or str(row["caller_name"] or row["caller_number"] or contact_id)
        return await self.house.calibrations.begin(contact_id, found.to_dict(), shown[:200], person.id, names, reference)

    def _card(self, row: Row, name: str) -> Card:
        card = self.house.shelf.cards.get(name) if name else fitting(self.house.shelf.cards, row)
        if card is None:
            raise Conflict(
                f"there is no scorecard {name[:48]}" if name else "no scorecard fits this contact; name one as `card`"
            )
        return card

    async def join(self, person: Person, calibration_id: str) -> Row:
        """My draft in it."""
        row = await self._get(person, calibration_id)
        if person.id not in row["evaluators"]:
            raise NotAllowed("you are not among its evaluators")
        if row["state"] != "open":
            raise Conflict("this calibration is closed")
        review_id = await self._draft(person, row)
        return await self.house.review(person, review_id)

    async def _draft(self, person: Person, row: Row) -> str:
        house = self.house
        there = await house.reviews.find(row["contact_id"], person.id, row["id"])
        if there is not None:
            return str(there["id"])
        return await house.blank(person, row["contact_id"], await house.body(row["version"]), row["id"])

    async def close(self, person: Person, calibration_id: str) -> Row:
        """Show everybody what all have answered."""
        row = await self._get(person, calibration_id)
        if person.id != row["by"] and "admin" not in person.roles:
            raise NotAllowed("who began it, or an administrator, closes a calibration")
        given = {
            one["evaluator"]: one["answers"]
            for one in await self.house.reviews.in_calibration(row["contact_id"], calibration_id)
            if one["state"] != "draft"
        }
        if len(given) < 2:
            raise Conflict("fewer than two have handed in: there is nothing to compare")
        card = card_of(await self.house.body(row["version"]))
        await self.house.calibrations.close(row, spread(card, given, row["reference"]))
        return await self.one(person, calibration_id)

    async def _told(self, person: Person, row: Row) -> Row:
        house = self.house
        names, card = await house.directory.names(), await house.body(row["version"])
        return showing.calibration(row, names, card, await house.reviews.in_calibration(row["contact_id"], row["id"]), person)

    # --- coaching

    async def notes(
        self, person: Person, agent: str | None, contact: str | None, before: str | None, limit: int, *, unread: bool
    ) -> list[Row]:
        """Agents get their own, whatever they ask for."""
        agent = agent if person.reviews else person.id
        names = await self.house.directory.names()
        found = await self.house.coaching.page(limit, before, agent, contact, unread=unread)
        return [showing.note(row, names) for row in found]

    async def add(self, person: Person, agent: str, contact: str, review: str, at: float | None, text: str) -> Row:
        roles = {who: set(held) for who, _, held in await self.house.directory.people()}
        if not roles.get(agent, set()) & AGENTS:
            raise Conflict(f"agent: {agent[:128]} is no agent")
        if agent == person.id:
            raise Conflict("agent: nobody coaches himself")
        if review:
            contact = await self._of_review(agent, contact, review)
        if contact and (await self.house.judge.contact(contact))["agent_id"] != agent:
            raise Conflict("contact: another agent had it")
        row = {"agent_id": agent, "contact_id": contact, "review_id": review, "at": at, "text": text, "by": person.id}
        made = await self.house.coaching.add(row)
        await self.house.news(agent)
        return showing.note(made, await self.house.directory.names())

    async def _of_review(self, agent: str, contact: str, review: str) -> str:
        """The contact of a review of this agent."""
        found = await self.house.reviews.get(review)
        if found["calibration"] or found["agent_id"] != agent or (contact and contact != found["contact_id"]):
            raise Conflict("review: it is not of this agent and contact")
        return str(found["contact_id"])

    async def acknowledge(self, person: Person, note_id: str, answer: str) -> Row:
        row = await self.house.coaching.get(note_id)
        if row["agent_id"] != person.id:
            raise NotAllowed("the agent whom it is for acknowledges a note")
        await self.house.coaching.acknowledge(note_id, answer)
        await self.house.news(person.id)
        return showing.note(await self.house.coaching.get(note_id), await self.house.directory.names())

    async def remove(self, person: Person, note_id: str) -> None:
        row = await self.house.coaching.get(note_id)
        if row["by"] != person.id:
            raise NotAllowed("who wrote a note removes it")
        await self.house.coaching.remove(note_id)
        await self.house.news(row["agent_id"])
