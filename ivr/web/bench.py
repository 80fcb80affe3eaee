"""What the routes of the workbench need of the house, and who may do what there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request

from ivr.errors import NotAllowed, NotFound
from ivr.web.auth import Gate
from ivr.web.parts import Account

READERS = ("agent", "senior", "supervisor", "admin", "quality", "field")
OVERSEERS = frozenset({"supervisor", "admin", "quality"})
"""Who may look into a contact that another has; nobody but its agent may act on it."""


class Book(Protocol):
    """The scenes that are in force: `ivr.wiring_side.Bench`."""

    @property
    def version(self) -> str: ...

    def book(self) -> Mapping[str, Any]:
        """What pages are told of it."""

    def card(self, name: str) -> Mapping[str, Any]:
        """Raises NotFound."""

    def search(self, query: str, tags: Sequence[str], most: int) -> Sequence[Mapping[str, Any]]:
        """Cards with their text, the best first; without a query the most used. Takes some milliseconds: use a thread."""

    def marked(self, name: str, before: str, value: str) -> None:
        """An agent opened a card, or said what it was worth."""

    def known(self, kind: str, name: str) -> bool:
        """Whether there is such a step (`procedure.step`), line, offer or card."""

    def may(self, action: str, agent: Account) -> object:
        """Raises NotFound for an action that there is not, NotAllowed where the agent must not do it."""

    def row(
        self, action: str, request: str, agent: Account, contact: Mapping[str, Any], given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What is written down of an action before it is sent. Raises Conflict, NotAllowed, NotFound."""

    def frame(self, name: str, agent: Account, contact: Mapping[str, Any]) -> Mapping[str, Any]:
        """`{url origin}` of a frame for a contact, its token within. Raises NotFound."""

    @property
    def origins(self) -> Sequence[str]:
        """Of frames."""


class Has(Protocol):
    async def __call__(self, agent_id: str, contact_id: str, asked: bool = False) -> bool:
        """Whether the two belong together now, or did last; with `asked` also where a colleague asks the agent about it."""


class Kept(Protocol):
    """`ivr.records.marks.Marks`."""

    async def of(self, contact_id: str) -> list[dict[str, Any]]: ...

    async def put(self, contact_id: str, kind: str, name: str, value: str, agent_id: str) -> str: ...

    async def counted(self, kind: str) -> Mapping[str, Mapping[str, int]]: ...


class Past(Protocol):
    """`ivr.records.lifeline.Lifeline`."""

    async def of(self, numbers: Sequence[str], without: str = "") -> list[dict[str, Any]]: ...


class Doings(Protocol):
    """`ivr.actions.doing.Doing`, and what is kept of actions."""

    async def start(self, row: Mapping[str, Any]) -> dict[str, Any]: ...

    async def again(self, run_id: str) -> dict[str, Any]: ...


class Ran(Protocol):
    """`ivr.records.runs.Runs`."""

    async def of(self, contact_id: str) -> list[dict[str, Any]]: ...

    async def get(self, run_id: str) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class WorkbenchDesk:
    """What the routes of the workbench need."""

    book: Book
    contact: Callable[[str], Awaitable[Mapping[str, Any]]]
    """A contact that goes on or is over, with its turns. Raises NotFound."""
    has: Has
    past: Past
    marks: Kept
    runs: Ran
    doing: Doings
    forms: Callable[[str], Sequence[str]]
    """A number to the ways in which it may have been written down; none for a withheld one."""


class Door:
    """Who may do what with a contact."""

    def __init__(self, desk: WorkbenchDesk, gate: Gate) -> None:
        self._desk, self._gate = desk, gate

    async def reader(self, request: Request) -> Account:
        """Raises SignInNeeded, NotAllowed."""
        return await self._gate.require(request, *READERS)

    async def overseer(self, request: Request) -> Account:
        """Raises SignInNeeded, NotAllowed."""
        return await self._gate.require(request, *sorted(OVERSEERS))

    async def onlooker(self, request: Request) -> tuple[Account, Mapping[str, Any]]:
        """Who looks, and the contact: of its agent, a colleague whom he asks, and those who oversee.

        Raises SignInNeeded, NotAllowed, NotFound.
        """
        account, contact_id = await self.reader(request), str(request.path_params["contact_id"])
        if not OVERSEERS & set(account.roles) and not await self._desk.has(account.id, contact_id, asked=True):
            raise NotAllowed("this contact is not yours")
        return account, await self._desk.contact(contact_id)

    async def owner(self, request: Request) -> tuple[Account, str]:
        """Who acts, and the contact's id: its agent alone, from a page of ours. Raises SignInNeeded, NotAllowed."""
        account, contact_id = await self.reader(request), str(request.path_params["contact_id"])
        if not self._gate.same_origin(request):
            raise NotAllowed("this came from another site's page")
        if not await self._desk.has(account.id, contact_id):
            raise NotAllowed("this contact is not yours")
        return account, contact_id


def same_customer(contact: Mapping[str, Any], other: Mapping[str, Any], forms: Callable[[str], Sequence[str]]) -> None:
    """Raises NotFound where the two are not of one number: whoever has a contact may read the earlier ones of that caller."""
    mine = forms(str(contact.get("caller_number") or ""))
    if not mine or str(other.get("caller_number") or "") not in mine:
        raise NotFound("there is no such contact of this customer")
