"""A node put together from its settings: every part once, ended in the reverse order."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from ivr.acd.desk import Desk
from ivr.acd.feed import EventFeed
from ivr.acd.kept_calls import KeptCalls
from ivr.acd.model import Agent, Queue
from ivr.acd.routing import Router
from ivr.banner import banner, dialled
from ivr.dialplan.loader import FlowStore
from ivr.errors import IvrError, SpeechUnavailable
from ivr.guarding.keeper import Keeper
from ivr.guarding.store import BanStore
from ivr.guarding.tracing import Tracing
from ivr.hosted import Hosted
from ivr.joining import join_nodes
from ivr.learning import Learning
from ivr.minds import Minds
from ivr.nodes.alarm import Alarm
from ivr.nodes.desks import PageMap
from ivr.nodes.figures import Figures
from ivr.nodes.link import NodeLink
from ivr.nodes.locations import Locations
from ivr.post import Post
from ivr.profile.sources import StaticProfiles
from ivr.publishing.publisher import Publisher
from ivr.records.reader import ContactReader
from ivr.records.writer import ContactLog
from ivr.session.awaiting import Spotters
from ivr.session.phone_desk import DeviceDesk
from ivr.session.services import Services
from ivr.session.snapshots import Snapshots
from ivr.session.switchboard import Switchboard
from ivr.session.talks import Talks
from ivr.settings import Settings
from ivr.speech.pool import RecognizerPool
from ivr.speech.prompts import PromptLibrary
from ivr.stores import Stores, open_stores
from ivr.unheard import Unheard
from ivr.web.accounts import SettingsAccounts
from ivr.web.desk import DeskHub
from ivr.web.parts import WebParts
from ivr.web_server import serve_web
from ivr.wiring import (
    accounts_of,
    admin_token,
    agents_of,
    bind_web,
    credentials_of,
    data_folder,
    desk_settings,
    media_hosts,
    metrics_text,
    queues_of,
    read_dialplan,
    sip_settings,
    supervisors_of,
)
from ivr.wiring_accounts import account_parts
from ivr.wiring_admin import admin_parts, follow_prompts
from ivr.wiring_callbacks import callback_parts
from ivr.wiring_calls import CallParts, call_parts
from ivr.wiring_flows import shared_triggers
from ivr.wiring_guard import tracing_of
from ivr.wiring_handover import handover_parts
from ivr.wiring_hooks import hook_parts
from ivr.wiring_media import browser_gateway, page_ice_servers
from ivr.wiring_outbound import OutboundDesk, devices_of, guard_of, with_contacts
from ivr.wiring_phone import phone_accounts
from ivr.wiring_privacy import privacy_parts
from ivr.wiring_publishing import publisher_of
from ivr.wiring_queues import queue_house
from ivr.wiring_rooms import page_rooms
from ivr.wiring_side import side_parts
from ivr.wiring_speech import speech_settings
from ivr.wiring_staff import staff_parts
from ivr.wiring_voice import voice_of
from ivr.wiring_wall import teller_of
from telephony.gateway.bridge import bridge
from telephony.gateway.sip import SipGateway
from telephony.gateway.toll_guard import TollGuard
from telephony.gateway.webrtc import WebRtcGateway
from telephony.leg import CallLeg, Dialer
from telephony.net.ticker import Ticker

log = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
"""Between looks for records that SQL could not take when their call ended."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node that takes calls."""

    switchboard: Switchboard
    sip: SipGateway
    banner: str


async def start_node(settings: Settings, stack: AsyncExitStack, post: Post | None = None) -> Node:
    """Start every part; `stack` ends them in the reverse order. Raises IvrError or TelephonyError in one line.

    A worker of several has a `post`; only the first of them serves pages and API.
    """
    data = data_folder(settings)
    token, new_token = admin_token(data)
    web_socket = bind_web(settings) if post is None else post.web_socket()
    queues, defined = queues_of(settings), agents_of(settings)
    passwords, accounts = await asyncio.to_thread(accounts_of, settings)
    flows, prompts = await asyncio.to_thread(read_dialplan, settings, voice_of(settings, data, stack))
    stores = await open_stores(settings, data, stack)
    tasks = await stack.enter_async_context(_Tasks())  # ended before the stores that they use
    await _define(stores, queues, defined)
    publisher, hooked = await publisher_of(settings, stores, flows), hook_parts(settings.webhooks, stores, stack, tasks.start)
    signing = account_parts(settings, stores, stack)
    languages = sorted({language for flow in flows.flows.values() for language in flow.languages})
    recognizer = await _recognizer(settings, languages, data, stack)
    ticker, talks = _ticker(stack), Talks()
    browsers = _browsers(settings, ticker, stack)
    link, where = NodeLink(stores.redis, settings.node), PageMap(stores.redis, settings.node)
    staff = staff_parts(settings, stores.acd, stores.redis, stores.engine)
    agents = staff.agents(stores.log, talks, where)
    hub = agents.desk = DeskHub(browsers.offer, settings=desk_settings(settings))
    desks = join_nodes(link, where, stores.acd, hub, agents, talks, browsers.offer)
    stack.push_async_callback(hub.close)
    calls = await call_parts(settings, stack, stores.redis, stores.engine)
    promises = callback_parts(settings, stores, calls.left, flows)
    exchange: list[Switchboard] = []
    guard, take = guard_of(settings, stores.redis, stack), partial(_take, exchange, calls)
    hosted = Hosted(Locations(stores.redis, post.group if post else settings.node), post)
    sip, router = _gateway(settings, token, ticker, take, guard, hosted), Router(stores.acd, settings.node)
    phones = await phone_accounts(settings, ticker, take, stack, web_socket is not None)
    private, minds = privacy_parts(settings, stack, stores.redis, stores.engine), Minds(data / "minds")
    side = await side_parts(settings, stores, flows, hub, desks, stack)
    services = _services(settings, flows, prompts, recognizer, router, stores, desks, talks, phones.dialer(sip.dial, guard))
    counted = (side, phones, publisher, private, promises, hooked)
    alarm, handed = Alarm(hub, link, where, supervisors_of(settings)), await handover_parts(settings, stores)
    services = replace(promises.services(private.services(calls.services(services))), understand=minds.understand, alarm=alarm)
    services = handed.services(services)
    switchboard = calls.ready(agents, Switchboard(services, settings.routes))
    exchange.append(switchboard)
    orders = staff.orders(link, where, hub, switchboard, services)
    keeper, tracing = await _listening(hosted, sip, switchboard, stores, link, stack)
    node = Running(settings, switchboard, sip, ticker, languages, recognizer, publisher, _unheard(flows, recognizer))
    figures = node.figures(link, post, lambda: calls.metrics(*counted, router.matching.estimating))
    if web_socket is not None:
        stack.callback(web_socket.close)
        web = promises.web(calls.web(node.web_parts(accounts, stores, hub, token, browsers, figures)))
        web = replace(handed.web(web), sip_desk=(keeper, tracing), outbound=OutboundDesk(guard, sip.trunks), orders=orders)
        web = replace(side.web(staff.web(web)), admin=admin_parts(settings, data, stores, flows, prompts, publisher, stack))
        rooms = await page_rooms(settings, stores, router, link, where, hub, agents, flows, side, signing, calls, stack, tasks)
        await serve_web(hooked.web(rooms(web)), web_socket, stack)
    tasks.start(link.run(), hosted.locations.run(), router.run(), agents.beat(), agents.follow(EventFeed(stores.redis)))
    tasks.start(publisher.run(), follow_prompts(settings, flows, prompts), promises.run(services, switchboard))
    tasks.start(_flush(stores.log), keeper.run(), devices_of(settings, agents, sip).run(), Learning(minds, flows.kept).run())
    tasks.start(services.tally.run(stores.redis, settings.node), snapshots_of(settings, stores, services).run())
    tasks.start(teller_of(settings, stores, services, sip, router), side.run(), staff.run(agents, router), *node.work())
    return Node(switchboard, sip, node.banner(web_socket, passwords, data, new_token) if web_socket is not None else "")


def _browsers(settings: Settings, ticker: Ticker, stack: AsyncExitStack) -> WebRtcGateway:
    browsers = browser_gateway(settings, ticker, media_hosts(settings))
    stack.push_async_callback(browsers.close)
    return browsers


async def _listening(
    hosted: Hosted, sip: SipGateway, switchboard: Switchboard, stores: Stores, link: NodeLink, stack: AsyncExitStack
) -> tuple[Keeper, Tracing]:
    """Open the SIP listeners; returns who keeps their bans and traces."""
    await hosted.listen(sip)
    stack.push_async_callback(sip.close)
    keeper = Keeper(sip.door, BanStore(stores.redis), link.node)
    return keeper, tracing_of(sip, switchboard, ContactReader(stores.engine), link, stores.acd)


def _unheard(flows: FlowStore, recognizer: RecognizerPool | None) -> Unheard | None:
    """Phrases that the models cannot hear; None where nothing is heard."""
    return Unheard(flows, lambda: recognizer.languages, recognizer.unheard) if recognizer is not None else None


def snapshots_of(settings: Settings, stores: Stores, services: Services) -> Snapshots:
    return Snapshots(KeptCalls(stores.redis), settings.node, lambda: tuple(services.running))


async def _define(stores: Stores, queues: Iterable[Queue], agents: Iterable[Agent]) -> None:
    await stores.acd.define_queues(queues)
    await stores.acd.define_agents(agents)


def _ticker(stack: AsyncExitStack) -> Ticker:
    ticker = Ticker()
    ticker.start()
    stack.push_async_callback(ticker.close)
    return ticker


def _gateway(
    settings: Settings, token: str, ticker: Ticker, take: Callable[[CallLeg], None], guard: TollGuard, hosted: Hosted
) -> SipGateway:
    options = with_contacts(sip_settings(settings), token)
    return SipGateway(options, ticker, take, credentials_of(settings), guard, hosting=hosted.hosting)


def _services(
    settings: Settings,
    flows: FlowStore,
    prompts: PromptLibrary,
    recognizer: RecognizerPool | None,
    router: Router,
    stores: Stores,
    desks: Desk,
    talks: Talks,
    dial: Dialer,
) -> Services:
    """What every call of this node is given."""
    return Services(
        node=settings.node,
        flows=flows,
        prompts=prompts,
        recognizer=recognizer,
        profiles=StaticProfiles({}),
        router=router,
        log=stores.log,
        spotters=Spotters(shared_triggers(settings)),
        talk_options=settings.understanding.talk,
        mood_options=settings.understanding.mood,
        desk=DeviceDesk(desks, {agent.id: agent.device for agent in settings.agents if agent.device}, dial),
        talks=talks,
        queues=queue_house(settings, flows, stores.acd),
        reattach_seconds=settings.web.reattach,
        bridge=bridge,
        dial=dial,
        clock=time.time,
    )


@dataclass(frozen=True, slots=True)
class Running:
    """What is up: where `/api/v1/health`, `/metrics` and the banner take their facts from."""

    settings: Settings
    switchboard: Switchboard
    sip: SipGateway
    ticker: Ticker
    languages: Sequence[str]
    recognizer: RecognizerPool | None
    publisher: Publisher
    unheard: Unheard | None
    """Phrases that the models cannot hear."""

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """What goes on beside the calls."""
        return [] if self.unheard is None else [self.unheard.run()]

    @property
    def models(self) -> Mapping[str, str]:
        """Language to the model that hears it."""
        return dict(self.recognizer.languages) if self.recognizer is not None else {}

    @property
    def addresses(self) -> list[str]:
        return dialled((one.transport, _host(one.host), one.port) for one in self.sip.listeners)

    def health(self) -> dict[str, Any]:
        return {
            "status": "ok",
            "version": version("hotline"),
            "sip": self.addresses,
            "speech": {language: self.models.get(language) for language in self.languages},
            "unheard": [one.message for one in self.unheard.problems] if self.unheard is not None else [],
            "flows": self.switchboard.flows(),
            "flow_versions": self.publisher.health(),
        }

    def figures(self, link: NodeLink, post: Post | None, more: Callable[[], str]) -> Figures:
        """What `/metrics` shows, of this node and its peers."""
        own = partial(metrics_text, self.switchboard, self.sip, self.ticker, self.recognizer)
        return Figures(link, lambda: own() + more(), post.peers if post else ())

    def web_parts(
        self,
        accounts: SettingsAccounts,
        stores: Stores,
        hub: DeskHub,
        token: str,
        browsers: WebRtcGateway,
        figures: Figures,
    ) -> WebParts:
        public = self.settings.web.public_url
        return WebParts(
            accounts=accounts,
            redis=stores.redis,
            desk=hub,
            contacts=ContactReader(stores.engine),
            admin_token=token,
            open_leg=browsers.offer,
            ice_servers=page_ice_servers(self.settings),
            on_caller_leg=lambda leg, page, name, language, to: self.switchboard.take(leg, language, page),
            health=self.health,
            metrics=figures.text,
            static=Path(__file__).parent / "web" / "static",
            origins=(public,) if public else (),
        )

    def banner(self, web_socket: socket.socket, passwords: Mapping[str, str], data: Path, new_token: bool) -> str:
        return banner(
            sip=self.addresses,
            web=self.settings.web.public_url or _url(web_socket),
            passwords=passwords,
            languages=self.languages,
            models=self.models,
            data=str(data),
            new_token=new_token,
        )


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{_host(host)}:{port}"


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _take(switchboards: Sequence[Switchboard], calls: CallParts, leg: CallLeg) -> None:
    calls.offered(leg)
    for switchboard in switchboards:
        switchboard.take(leg)


class _Tasks:
    """The node's own tasks. One that fails is logged; leaving cancels and awaits them all."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    def start(self, *works: Coroutine[Any, Any, None]) -> None:
        for work in works:
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("a part of the node failed: %s", task.get_name(), exc_info=error)

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _recognizer(settings: Settings, languages: Iterable[str], data: Path, stack: AsyncExitStack) -> RecognizerPool | None:
    """Started workers, or None where no language has a model: flows go on with keys."""
    wanted = speech_settings(settings, languages, data)
    if not wanted.models:
        return None
    recognizer = RecognizerPool(wanted)
    stack.push_async_callback(recognizer.close)
    try:
        await recognizer.start()
    except SpeechUnavailable as error:
        log.error("speech: %s; callers press keys instead", error)
        return None
    return recognizer


async def _flush(contact_log: ContactLog) -> None:
    """Bring into SQL what could not be written when its call ended."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        try:
            await contact_log.flush()
        except IvrError as error:
            log.warning("records wait: %s", error)
