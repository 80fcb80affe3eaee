"""From settings to what stands beside a conversation: scenes, cards, actions, frames, and the routes of all of them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ivr.acd.desk import Desk
from ivr.acd.engaging import asking
from ivr.acd.store import AcdStore
from ivr.actions.doing import Doing
from ivr.actions.filling import filled
from ivr.actions.hook import Hook
from ivr.dialplan.loader import FlowStore
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.errors import NotAllowed, NotFound, StoreUnavailable
from ivr.knowledge.index import Document
from ivr.knowledge.minding import REST_SECONDS, Minding
from ivr.knowledge.suggesting import Cards, Suggesting
from ivr.knowledge.vectors import vectors
from ivr.profile.identity import forms, identifies
from ivr.records.lifeline import Lifeline
from ivr.records.marks import Marks
from ivr.records.reader import ContactReader
from ivr.records.runs import Runs
from ivr.records.whole import WholeContacts
from ivr.scenes.folder import Shelf
from ivr.scenes.frames import address
from ivr.scenes.model import Action, Card, card_dict
from ivr.settings import Settings
from ivr.settings_workbench import WorkbenchOptions, origin_of
from ivr.speech.models import kind_of, locate
from ivr.stores import Stores
from ivr.web.bench import Has, WorkbenchDesk
from ivr.web.desk import DeskHub
from ivr.web.parts import Account, WebParts
from ivr.wiring_scenes import house_of, scene_folders
from ivr.workbench import Workbench

log = logging.getLogger(__name__)

MEANING_SECONDS = 20.0
"""For one piece of work of the process that makes vectors, loading the model included."""
COUNT_SECONDS = 60.0
"""Between looks at what agents of all nodes made of cards."""


@dataclass(slots=True)
class Bench:
    """The `Book` of `ivr.web.bench`: the files that are in force, and the cards within them."""

    shelf: Shelf
    options: WorkbenchOptions
    cards: Cards = field(default_factory=Cards)
    flows: Callable[[], Mapping[str, Flow]] = dict
    """Those in force: how they name what callers want."""
    _called: tuple[dict[str, str], dict[str, dict[str, str]], str] | None = None

    @property
    def version(self) -> str:
        return f"{self.shelf.version}{self._wishes()[2]}"

    @property
    def origins(self) -> Sequence[str]:
        return sorted({origin_of(one.url) for one in self.options.frames.values()})

    def load(self) -> list[Problem]:
        """Take files and cards as they are now. Blocking."""
        self.shelf.taken = lambda book: self.cards.take(document_of(card) for card in book.cards.values())
        return self.shelf.load()

    def book(self) -> Mapping[str, Any]:
        return {**self.shelf.book.to_dict(), "intents": self._wishes()[1]}

    def card(self, name: str) -> Mapping[str, Any]:
        found = self.shelf.book.cards.get(name)
        if found is None:
            raise NotFound(f"there is no card {name[:60]}")
        return self._told(found)

    def search(self, query: str, tags: Sequence[str], most: int) -> Sequence[Mapping[str, Any]]:
        found, book = self.cards.search(query, tags, most), self.shelf.book
        return [self._told(book.cards[one.name]) for one in found if one.name in book.cards]

    def marked(self, name: str, before: str, value: str) -> None:
        self.cards.marked(name, before, value)

    def known(self, kind: str, name: str) -> bool:
        book = self.shelf.book
        if kind == "step":
            procedure, _, step = name.partition(".")
            return procedure in book.procedures and step in book.procedures[procedure].steps
        return name in {"line": book.lines, "offer": book.offers, "card": book.cards}.get(kind, {})

    def may(self, action: str, agent: Account) -> Action:
        found = self.shelf.book.actions.get(action)
        if found is None:
            raise NotFound(f"there is no action {action[:60]}")
        if found.roles and not set(found.roles) & set(agent.roles):
            raise NotAllowed(f"this needs the role {' or '.join(found.roles)}")
        return found

    def row(
        self, action: str, request: str, agent: Account, contact: Mapping[str, Any], given: Mapping[str, Any]
    ) -> dict[str, Any]:
        found = self.may(action, agent)
        fields = filled(found, given)
        body = {
            "id": request,
            "action": action,
            "at": time.time(),
            "fields": fields,
            "agent": {"id": agent.id, "name": agent.name or agent.id},
            "contact": about(contact),
        }
        where = {"id": request, "contact_id": contact["id"], "action": action, "hook": found.hook, "agent_id": agent.id}
        return {**where, "fields": fields, "body": body}

    def frame(self, name: str, agent: Account, contact: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self.options.frames.get(name)
        if found is None or name not in self.shelf.book.frames:
            raise NotFound(f"there is no frame {name[:60]}")
        who = {"id": agent.id, "name": agent.name or agent.id, "roles": list(agent.roles)}
        url = address(found, name, who, about(contact), time.time(), secrets.token_urlsafe(16))
        return {"url": url, "origin": origin_of(found.url)}

    def _wishes(self) -> tuple[dict[str, str], dict[str, dict[str, str]], str]:
        """Labels of intents in the flows, by name and language, and a mark of them; made anew where the flows are others."""
        flows = self.flows()
        versions = {name: flow.version for name, flow in flows.items()}
        if self._called is None or self._called[0] != versions:
            words = labels_of(flows)
            mark = hashlib.blake2b(json.dumps(words, sort_keys=True).encode(), digest_size=4).hexdigest() if words else ""
            self._called = versions, words, mark
        return self._called

    def _told(self, card: Card) -> dict[str, Any]:
        uses = self.cards.uses.get(card.name)
        counted = {"opened": uses.opened, "useful": uses.useful, "useless": uses.useless} if uses is not None else {}
        return {**card_dict(card), "uses": counted}


def document_of(card: Card) -> Document:
    """A card as it is looked for, in all its languages at once."""
    return Document(
        card.name,
        " ".join(card.title.values()),
        " ".join(card.text.values()),
        tuple(phrase for phrases in card.said.values() for phrase in phrases),
        frozenset(card.tags),
        tuple((title, card.text.get(language, "")) for language, title in card.title.items()),
    )


def about(contact: Mapping[str, Any]) -> dict[str, Any]:
    """What other systems are told of a contact."""
    profile = contact.get("profile") if isinstance(contact.get("profile"), Mapping) else {}
    assert isinstance(profile, Mapping)
    return {
        "id": contact["id"],
        "channel": contact.get("channel") or "",
        "queue": contact.get("queue") or "",
        "language": contact.get("language") or "",
        "intent": contact.get("intent") or "",
        "caller": {"number": contact.get("caller_number") or "", "name": contact.get("caller_name") or ""},
        "customer": str(profile.get("id") or ""),
    }


@dataclass(frozen=True, slots=True)
class SideParts:
    bench: Bench
    desk: WorkbenchDesk
    doing: Doing
    marks: Marks
    hub: DeskHub
    suggesting: Suggesting
    changed: asyncio.Event
    """Set when cards changed, so that their meanings are made."""
    minding: Minding | None = None

    def web(self, parts: WebParts) -> WebParts:
        return replace(parts, workbench=self.desk)

    def metrics(self) -> str:
        """Prometheus text."""
        return self.doing.metrics()

    async def run(self) -> None:
        """Read changed files, send what is due, count what agents made of cards; until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.bench.shelf.run())
            group.create_task(self.doing.run())
            group.create_task(self._count())
            group.create_task(self._suggest())
            if self.minding is not None:
                group.create_task(self._mind(self.minding))

    async def _suggest(self) -> None:
        """Look in a thread for cards that take longer, for one desk after the other."""
        woken = asyncio.Event()
        self.suggesting.wake = woken.set
        while True:
            while (one := self.suggesting.waiting()) is not None:
                agent_id, contact_id, said = one
                try:
                    found = await asyncio.to_thread(self.bench.cards.heard, said)
                    self.suggesting.found(agent_id, contact_id, found)
                except Exception:  # one odd sentence must not end the cards of all desks
                    log.exception("agent %s: cards cannot be put forward", agent_id)
            await woken.wait()
            woken.clear()

    async def _mind(self, minding: Minding) -> None:
        """Make the meanings of cards whenever they changed."""
        while True:
            self.changed.clear()
            made = await asyncio.to_thread(minding.take, self.bench.cards.index.documents)
            with contextlib.suppress(TimeoutError):  # what failed is tried again, also where nothing changes
                async with asyncio.timeout(None if made else REST_SECONDS):
                    await self.changed.wait()

    async def _count(self) -> None:
        while True:
            try:
                self.bench.cards.counted(await self.marks.counted("card"))
            except StoreUnavailable as error:
                log.warning("uses of cards are not counted now: %s", error)
            await asyncio.sleep(COUNT_SECONDS)


async def side_parts(
    settings: Settings, stores: Stores, flows: FlowStore, hub: DeskHub, desks: Desk, stack: AsyncExitStack
) -> SideParts:
    """Read the files and make the parts; `stack` closes them. Files with an error are not taken, and the log says so."""
    options = settings.workbench
    shelf = Shelf(scene_folders(settings), lambda: house_of(settings, flows.flows.values()))
    minding, fresh = minding_of(settings, stack), asyncio.Event()
    bench = Bench(shelf, options, Cards(mind=minding), lambda: flows.flows)
    for problem in await asyncio.to_thread(bench.load):
        (log.error if problem.severity == "error" else log.warning)("scenes: %s", problem)

    def changed() -> None:
        fresh.set()
        hub.broadcast("book", {"version": bench.version})

    shelf.changed.append(changed)
    runs, marks = Runs(stores.engine, time.time), Marks(stores.engine, time.time)
    hooks = {name: (Hook(one.url, one.secret, one.timeout), one.tries) for name, one in options.hooks.items()}
    doing = Doing(runs, hooks, time.time, lambda agent_id, data: desks.push(agent_id, "action", data))
    stack.push_async_callback(doing.close)
    suggesting = Suggesting(bench.cards, hub.push)
    hub.watch = watching(suggesting)
    whole = WholeContacts(stores.log, ContactReader(stores.engine))
    desk = WorkbenchDesk(
        bench, whole.get, has_of(stores.acd), Lifeline(stores.engine), marks, runs, doing, lambda text: forms_of(text)
    )
    return SideParts(bench, desk, doing, marks, hub, suggesting, fresh, minding)


def labels_of(flows: Mapping[str, Flow]) -> dict[str, dict[str, str]]:
    """What pages call intents, by name and language. Where flows differ about one, the first by name counts."""
    found: dict[str, dict[str, str]] = {}
    for _, flow in sorted(flows.items()):
        for name, intent in flow.intents.items():
            if intent.label:
                found[name] = {**intent.label, **found.get(name, {})}
    return found


def minding_of(settings: Settings, stack: AsyncExitStack) -> Minding | None:
    """What compares meanings, with a process of its own that starts with the first work; None where words are to do."""
    name = settings.workbench.meaning
    if not name:
        return None
    options = settings.speech
    folder = locate(name, Path(options.models_dir) if options.models_dir else Path(settings.data) / "models")
    if folder is None or kind_of(folder) != "embeddings":
        log.error("knowledge is found by words alone: the model %s is not installed: ivr models install %s", name, name)
        return None
    child = Workbench(MEANING_SECONDS)
    stack.callback(child.close)
    return Minding(lambda texts, asked: child.run(vectors, str(folder), tuple(texts), asked), time.monotonic)


def watching(suggesting: Suggesting) -> Callable[[str, str, Mapping[str, Any] | None], None]:
    """A desk must go on where its cards fail."""

    def watch(agent_id: str, kind: str, contact: Mapping[str, Any] | None) -> None:
        try:
            suggesting.seen(agent_id, kind, contact)
        except Exception:
            log.exception("agent %s: cards cannot be put forward", agent_id)

    return watch


def has_of(store: AcdStore) -> Has:
    async def has(agent_id: str, contact_id: str, asked: bool = False) -> bool:
        try:
            agent = await store.agent(agent_id)
        except NotFound:
            return False
        mine = contact_id in agent.held or contact_id == agent.last_contact
        return mine or (asked and asking(contact_id, agent_id) in agent.held)

    return has


def forms_of(number: str) -> Sequence[str]:
    """The ways in which a number may have been written down; none for a withheld one."""
    return forms(number) if identifies(number) else ()
