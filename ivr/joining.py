"""A node's pages and calls joined with those of the other nodes. Part of `ivr.app`: puts together, decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.acd.store import AcdStore
from ivr.nodes.desks import Buttons, NodesDesk, PageMap, RemotePages
from ivr.nodes.link import NodeLink
from ivr.session.agents import Agents
from ivr.session.talks import Talks
from ivr.web.agent_leg import open_agent_leg
from ivr.web.desk import DeskHub
from ivr.web.parts import OpenLeg
from telephony.leg import CallLeg, Party


def join_nodes(
    link: NodeLink, where: PageMap, store: AcdStore, hub: DeskHub, agents: Agents, talks: Talks, open_leg: OpenLeg
) -> NodesDesk:
    """Start `hub` with buttons that work on every node, and return the desk that rings pages on every node."""

    async def node_of(contact_id: str) -> str:
        return (await store.contact(contact_id)).node

    async def press(name: str, agent_id: str, values: Sequence[str]) -> None:
        await getattr(agents, name)(agent_id, *values)

    async def open_remote(pages: RemotePages, agent: Party, contact_id: str) -> CallLeg:
        return await open_agent_leg(pages, open_leg, agent, contact_id)

    buttons = Buttons(link, talks.has, node_of, press)
    hub.start(agents, buttons.elsewhere)
    desk = NodesDesk(hub, link, where, open_remote)
    agents.page_moved = desk.left
    return desk
