"""`/api/v1/quality`: scorecards, reviews, the work list, appeals, calibrations, coaching, figures (docs/quality.md)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.accounts.trail import noted
from ivr.errors import NotAllowed, NotFound
from ivr.quality.house import QualityHouse
from ivr.quality.rights import AGENTS, REVIEWERS, Person
from ivr.quality.rounds import Rounds
from ivr.quality.sampling import REASONS
from ivr.quality.trends import STEPS
from ivr.web import quality_words as asked
from ivr.web.api import BadRequest, body_of
from ivr.web.auth import Gate, visitor_of
from ivr.web.messages_api import text

ALL = (*sorted(REVIEWERS), *sorted(AGENTS))
MONTH = 30 * 86400.0
MOST_TEXT = 4000
MOODS = ("calm", "tense", "angry")
STATES = ("draft", "published", "appealed", "settled")


class QualityApi:
    def __init__(self, house: QualityHouse, gate: Gate) -> None:
        self._house, self._rounds, self._gate = house, Rounds(house), gate

    @property
    def routes(self) -> list[Route]:
        root = "/api/v1/quality"
        work, review, round_, note = (
            f"{root}/work/{{contact_id}}",
            f"{root}/reviews/{{id}}",
            f"{root}/calibrations/{{id}}",
            f"{root}/coaching",
        )
        return [
            Route(f"{root}/cards", self.cards),
            Route(f"{root}/people", self.people),
            Route(f"{root}/contacts", self.contacts),
            Route(f"{root}/contacts/{{contact_id}}", self.contact),
            Route(f"{root}/work", self.work),
            Route(f"{work}/take", self.take, methods=["POST"]),
            Route(f"{work}/release", self.release, methods=["POST"]),
            Route(f"{work}/skip", self.skip, methods=["POST"]),
            Route(f"{root}/reviews", self.reviews),
            Route(f"{root}/reviews", self.begin, methods=["POST"]),
            Route(review, self.review),
            Route(review, self.save, methods=["PATCH"]),
            Route(review, self.drop, methods=["DELETE"]),
            Route(f"{review}/publish", self.publish, methods=["POST"]),
            Route(f"{review}/acknowledge", self.acknowledge, methods=["POST"]),
            Route(f"{review}/appeal", self.appeal, methods=["POST"]),
            Route(f"{review}/decide", self.decide, methods=["POST"]),
            Route(f"{root}/appeals", self.appeals),
            Route(f"{root}/calibrations", self.calibrations),
            Route(f"{root}/calibrations", self.calibrate, methods=["POST"]),
            Route(round_, self.calibration),
            Route(f"{round_}/join", self.join, methods=["POST"]),
            Route(f"{round_}/close", self.close, methods=["POST"]),
            Route(note, self.coaching),
            Route(note, self.coach, methods=["POST"]),
            Route(f"{note}/{{id}}", self.uncoach, methods=["DELETE"]),
            Route(f"{note}/{{id}}/acknowledge", self.heard, methods=["POST"]),
            Route(f"{root}/mine", self.mine),
            Route(f"{root}/mine/count", self.count),
            Route(f"{root}/trend", self.trend),
            Route(f"{root}/agents", self.agents),
            Route(f"{root}/questions", self.questions),
        ]

    # --- cards, people, contacts

    async def cards(self, request: Request) -> Response:
        """The scorecards in force; `problems` counts errors of the files as they are, which are not taken."""
        await self._who(request, *ALL)
        shelf = self._house.shelf
        return JSONResponse({"cards": [card.to_dict() for card in shelf.cards.values()], "problems": shelf.wrong})

    async def people(self, request: Request) -> Response:
        """Agents and reviewers, for the pickers."""
        await self._who(request)
        found = await self._house.directory.people()
        lists = {"agents": AGENTS, "reviewers": REVIEWERS}
        told = {
            key: [{"id": who, "name": name} for who, name, roles in found if wanted & set(roles)]
            for key, wanted in lists.items()
        }
        return JSONResponse(told)

    async def contacts(self, request: Request) -> Response:
        """Contacts with an agent, to browse."""
        person, query = await self._who(request), request.query_params
        wanted: dict[str, Any] = asked.texts(request, "q", "agent", "queue") | asked.times(request)
        wanted |= {
            "mood": asked.one_of(query.get("mood"), "mood", MOODS),
            "most": asked.number(query.get("most"), "most", 0, 100),
        }
        reviewed = asked.one_of(query.get("reviewed"), "reviewed", ("yes", "no"))
        limit = asked.limit(request)
        found = await self._house.browse(
            person, {**wanted, "reviewed": None if reviewed is None else reviewed == "yes"}, asked.before(request), limit
        )
        last = found[-1]["contact"]["id"] if len(found) == limit else None
        return JSONResponse({"contacts": found, "next": last})

    async def contact(self, request: Request) -> Response:
        """Everything about one contact."""
        person = await self._who(request)
        return JSONResponse(await self._house.contact(person, request.path_params["contact_id"]))

    # --- the work list

    async def work(self, request: Request) -> Response:
        """`?view=open|mine|done&agent=&reason=`."""
        person, query = await self._who(request), request.query_params
        view = asked.one_of(query.get("view"), "view", ("open", "mine", "done")) or "open"
        reason = asked.one_of(query.get("reason"), "reason", REASONS)
        found = await self._house.listed(person, view, asked.texts(request, "agent")["agent"], reason, asked.limit(request))
        return JSONResponse({"work": found, "counts": await self._house.work.counts(person.id)})

    async def take(self, request: Request) -> Response:
        """Mine from now on; the answer is its draft."""
        person = await self._change(request)
        return JSONResponse(await self._house.take(person, request.path_params["contact_id"]))

    async def release(self, request: Request) -> Response:
        """Back to the list; the draft stays."""
        person = await self._change(request)
        await self._house.work.move(request.path_params["contact_id"], person.id, "open")
        return JSONResponse({})

    async def skip(self, request: Request) -> Response:
        """`{reason}`: done without a review."""
        person = await self._change(request)
        reason, contact_id = asked.words(await body_of(request), "reason", 500), request.path_params["contact_id"]
        await self._house.work.move(contact_id, person.id, "skipped", reason)
        await self._audit(request, person, "quality: left a contact out", contact_id, reason)
        return JSONResponse({})

    # --- reviews

    async def reviews(self, request: Request) -> Response:
        """The newest first; agents get what is theirs and published."""
        person, query = await self._who(request, *ALL), request.query_params
        wanted: dict[str, Any] = asked.texts(request, "contact", "agent", "evaluator", "card", "queue") | asked.times(request)
        wanted |= {
            "state": asked.one_of(query.get("state"), "state", STATES),
            "most": asked.number(query.get("most"), "most", 0, 100),
        }
        limit = asked.limit(request)
        found, last = await self._house.page(person, wanted, asked.before(request), limit)
        return JSONResponse({"reviews": found, "next": last})

    async def begin(self, request: Request) -> Response:
        """`{contact, card}`: my draft, prefilled by rule; 200 where there is one already."""
        person, body = await self._change(request), await body_of(request)
        contact, card = asked.name(body, "contact", 64), text(body, "card", 48, "")
        review_id, new = await self._house.begin(person, contact, card)
        return JSONResponse(await self._house.review(person, review_id), 201 if new else 200)

    async def review(self, request: Request) -> Response:
        """Everything of a review."""
        person = await self._who(request, *ALL)
        return JSONResponse(await self._house.review(person, request.path_params["id"]))

    async def save(self, request: Request) -> Response:
        """`{rev, answers, comment}`: keep what changed of a draft."""
        person, body = await self._change(request), await body_of(request)
        comment = text(body, "comment", MOST_TEXT) if "comment" in body else None
        answers = asked.answers(body["answers"]) if "answers" in body else None
        return JSONResponse(await self._house.save(person, request.path_params["id"], asked.rev(body), answers, comment))

    async def drop(self, request: Request) -> Response:
        """Remove my draft."""
        person = await self._change(request)
        await self._house.drop(person, request.path_params["id"])
        return JSONResponse({})

    async def publish(self, request: Request) -> Response:
        """`{rev}`: let the agent see it; in a calibration: hand it in."""
        person, body = await self._change(request), await body_of(request)
        told = await self._house.publish(person, request.path_params["id"], asked.rev(body))
        what = "quality: handed in a review" if told["calibration"] else "quality: published a review"
        await self._audit(request, person, what, told["contact_id"], f"{told['agent_id']}: {told['score']['score']}")
        return JSONResponse(told)

    async def acknowledge(self, request: Request) -> Response:
        """The agent has read it."""
        person = await self._change(request, *ALL)
        return JSONResponse(await self._house.acknowledge(person, request.path_params["id"]))

    # --- appeals

    async def appeal(self, request: Request) -> Response:
        """`{reasons: {question: text}, comment}`, by the agent."""
        person, body = await self._change(request, *ALL), await body_of(request)
        given = asked.object_of(body.get("reasons"), "reasons")
        if not 0 < len(given) <= 60:
            raise BadRequest("reasons: say of at least one question why")
        reasons = {name: asked.words(given, name, asked.MOST_REASON) for name in given}
        told = await self._house.appeal(person, request.path_params["id"], reasons, text(body, "comment", MOST_TEXT, ""))
        await self._audit(request, person, "quality: appealed", told["contact_id"], ", ".join(sorted(reasons)))
        return JSONResponse(told)

    async def decide(self, request: Request) -> Response:
        """`{decisions: {question: {granted, value, reason}}, answer}`."""
        person, body = await self._change(request), await body_of(request)
        given = asked.object_of(body.get("decisions"), "decisions")
        if len(given) > 60:
            raise BadRequest("decisions: one a question")
        decisions = {name: asked.decision(one) for name, one in given.items()}
        told = await self._house.decide(person, request.path_params["id"], decisions, text(body, "answer", MOST_TEXT, ""))
        granted = sum(one["granted"] for one in decisions.values())
        note = f"{granted} of {len(decisions)} granted, now {told['score']['score']}"
        await self._audit(request, person, "quality: decided an appeal", told["contact_id"], note)
        return JSONResponse(told)

    async def appeals(self, request: Request) -> Response:
        """Those open: the oldest first; else the newest first."""
        person = await self._who(request)
        state = asked.one_of(request.query_params.get("state"), "state", ("open", "decided"))
        limit, agent = asked.limit(request), asked.texts(request, "agent")["agent"]
        found, last = await self._house.appealed(person, state, agent, asked.before(request), limit)
        return JSONResponse({"appeals": found, "next": last})

    # --- calibrations

    async def calibrations(self, request: Request) -> Response:
        """Those that concern me first."""
        person = await self._who(request)
        state = asked.one_of(request.query_params.get("state"), "state", ("open", "closed"))
        return JSONResponse({"calibrations": await self._rounds.listed(person, state)})

    async def calibrate(self, request: Request) -> Response:
        """`{contact, card, title, evaluators, reference}`."""
        person, body = await self._change(request), await body_of(request)
        who = body.get("evaluators")
        if not isinstance(who, list) or len(who) > 100 or not all(isinstance(one, str) and len(one) <= 128 for one in who):
            raise BadRequest("evaluators: a list of accounts")
        contact, card = asked.name(body, "contact", 64), text(body, "card", 48, "")
        title, reference = text(body, "title", 200, "").strip(), text(body, "reference", 128, "")
        made = await self._rounds.begin(person, contact, card, title, who, reference)
        await self._audit(request, person, "quality: began a calibration", contact, ", ".join(who))
        return JSONResponse(await self._rounds.one(person, made), 201)

    async def calibration(self, request: Request) -> Response:
        """One, with its result once it is closed."""
        person = await self._who(request)
        return JSONResponse(await self._rounds.one(person, request.path_params["id"]))

    async def join(self, request: Request) -> Response:
        """My draft in it, empty."""
        person = await self._change(request)
        return JSONResponse(await self._rounds.join(person, request.path_params["id"]))

    async def close(self, request: Request) -> Response:
        """Show everybody what all have answered."""
        person = await self._change(request)
        told = await self._rounds.close(person, request.path_params["id"])
        await self._audit(request, person, "quality: closed a calibration", told["contact_id"], told["title"])
        return JSONResponse(told)

    # --- coaching

    async def coaching(self, request: Request) -> Response:
        """`?agent=&open=yes&contact=`: the newest first; agents get their own."""
        person, limit = await self._who(request, *ALL), asked.limit(request)
        unread = asked.one_of(request.query_params.get("open"), "open", ("yes", "no")) == "yes"
        of = asked.texts(request, "agent", "contact")
        found = await self._rounds.notes(person, of["agent"], of["contact"], asked.before(request), limit, unread=unread)
        return JSONResponse({"coaching": found, "next": found[-1]["id"] if len(found) == limit else None})

    async def coach(self, request: Request) -> Response:
        """`{agent, contact, review, at, text}`."""
        person, body = await self._change(request), await body_of(request)
        agent, contact, review = asked.name(body, "agent", 128), text(body, "contact", 64, ""), text(body, "review", 32, "")
        told = await self._rounds.add(
            person, agent, contact, review, asked.second(body.get("at")), asked.words(body, "text", MOST_TEXT)
        )
        await self._audit(request, person, "quality: wrote a coaching note", agent, contact)
        return JSONResponse(told, 201)

    async def uncoach(self, request: Request) -> Response:
        """Its author, until it is read."""
        person = await self._change(request)
        await self._rounds.remove(person, request.path_params["id"])
        await self._audit(request, person, "quality: removed a coaching note", request.path_params["id"])
        return JSONResponse({})

    async def heard(self, request: Request) -> Response:
        """`{answer}`: the agent has read it."""
        person, body = await self._change(request, *ALL), await body_of(request)
        return JSONResponse(
            await self._rounds.acknowledge(person, request.path_params["id"], text(body, "answer", MOST_TEXT, ""))
        )

    # --- figures

    async def mine(self, request: Request) -> Response:
        """What an agent sees of himself."""
        person = await self._who(request, *sorted(AGENTS))
        own, now = Person(person.id), self._house.clock()
        found, _ = await self._house.page(own, {}, None, 50)
        notes = await self._rounds.notes(own, None, None, None, 50, unread=False)
        trend = await self._house.trends.points(
            {"agent": person.id, "evaluator": "people"}, now - 12 * 7 * 86400.0, now, "week"
        )
        told = {"reviews": found, "notes": notes, "trend": trend}
        appeals = await self._house.appeals.open_of(person.id)
        return JSONResponse({**await self._house.counts(person.id), "appeals": appeals, **told})

    async def count(self, request: Request) -> Response:
        """How much of it is new."""
        person = await self._who(request, *sorted(AGENTS))
        return JSONResponse(await self._house.counts(person.id))

    async def trend(self, request: Request) -> Response:
        """`?agent=&queue=&card=&evaluator=people|automatic&from=&to=&step=day|week`."""
        wanted, start, end = await self._figures(request)
        step = asked.one_of(request.query_params.get("step"), "step", tuple(STEPS)) or "week"
        return JSONResponse({"points": await self._house.trends.points(wanted, start, end, step)})

    async def agents(self, request: Request) -> Response:
        """A row for each agent; without `from` of the last 30 days."""
        await self._who(request)
        start, end = self._span(request)
        names = await self._house.directory.names()
        found = await self._house.trends.agents(start, end, asked.texts(request, "queue")["queue"])
        return JSONResponse({"agents": [{**one, "agent_name": names.get(one["agent_id"], one["agent_id"])} for one in found]})

    async def questions(self, request: Request) -> Response:
        """How each question of a card was answered."""
        wanted, start, end = await self._figures(request)
        cards = self._house.shelf.cards
        card = cards.get(wanted["card"]) if wanted["card"] else next(iter(cards.values()), None)
        if card is None:
            raise NotFound("there is no such scorecard")
        found = await self._house.trends.questions(card, wanted, start, end)
        return JSONResponse({"card": card.to_dict(), "questions": found})

    async def _figures(self, request: Request) -> tuple[dict[str, str | None], float, float]:
        """Whose figures of when; agents ask for their own, by people."""
        person = await self._who(request, *ALL)
        wanted = asked.texts(request, "agent", "queue", "card")
        wanted["evaluator"] = asked.one_of(request.query_params.get("evaluator"), "evaluator", ("people", "automatic"))
        if not person.reviews:
            wanted |= {"agent": person.id, "evaluator": "people"}
        return wanted, *self._span(request)

    def _span(self, request: Request) -> tuple[float, float]:
        given, now = asked.times(request), self._house.clock()
        end = now if given["to"] is None else given["to"]
        start = end - MONTH if given["from"] is None else given["from"]
        if start >= end:
            raise BadRequest("from must be before to")
        return start, end

    # --- who

    async def _who(self, request: Request, *roles: str) -> Person:
        account = await self._gate.require(request, *(roles or sorted(REVIEWERS)))
        return Person(account.id, frozenset(account.roles))

    async def _change(self, request: Request, *roles: str) -> Person:
        person = await self._who(request, *roles)
        if not self._gate.same_origin(request):
            raise NotAllowed("this came from another site's page")
        return person

    async def _audit(self, request: Request, person: Person, what: str, subject: str, note: str = "") -> None:
        await noted(person.id, visitor_of(request).address, what, subject, note)
