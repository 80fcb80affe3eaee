"""From settings to what each part takes. Decides nothing else; `ivr.app` puts the parts together."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ivr.acd.model import Agent, Channel, Queue
from ivr.acd.strategies import strategies
from ivr.dialplan.loader import FlowStore
from ivr.dialplan.problems import Problem
from ivr.errors import ConfigError, DialplanError
from ivr.session.switchboard import Switchboard
from ivr.settings import Settings, parse_address, parse_ports
from ivr.settings_outcomes import shown_outcomes
from ivr.settings_queues import CapacityOptions
from ivr.speech.pool import RecognizerPool
from ivr.speech.prompts import PromptLibrary, languages_in
from ivr.speech.voice import Voice
from ivr.web.accounts import Credential, SettingsAccounts
from ivr.web.parts import Account
from ivr.wiring_flows import environment_of, shared_triggers, surroundings
from ivr.wiring_guard import door_settings
from ivr.wiring_media import media_policy, page_ice_servers, srtp_rules
from ivr.wiring_net import based, listeners_of, wire_settings
from ivr.wiring_outbound import trunk_metrics
from ivr.wiring_sources import based_sources
from ivr.wiring_trunks import trunks_of
from ivr.wiring_voice import warm_for
from telephony.gateway.sip import SipGateway, SipSettings
from telephony.net.ticker import Ticker
from telephony.sip import digest


def overridden(settings: Settings, config: Path, sip: str | None, web: str | None, data: Path | None) -> Settings:
    """Settings with the options of the command line, and every path made absolute from the file's folder."""
    base = config.resolve().parent

    def placed(path: str) -> str:
        return os.path.normpath(base / path) if path else ""  # links stay: what they lead to may be exchanged meanwhile

    if sip is not None:
        parse_address(sip, "--sip")
        others = (one for one in settings.sip.listen if not one.startswith(("udp:", "tcp:")))
        settings = replace(settings, sip=replace(settings.sip, listen=(f"udp://{sip}", f"tcp://{sip}", *others)))
    if web is not None:
        parse_address(web, "--web")
        settings = replace(settings, web=replace(settings.web, listen=web))
    return replace(
        based_sources(settings, base),
        sip=based(settings.sip, base),
        data=str(data.resolve() if data is not None else (base / settings.data).resolve()),
        dialplans=tuple(map(placed, settings.dialplans)),
        prompts=tuple(map(placed, settings.prompts)),
        environment=placed(settings.environment),
        understanding=replace(
            settings.understanding,
            triggers=placed(settings.understanding.triggers),
        ),
        recording=replace(settings.recording, folder=placed(settings.recording.folder)),
        workbench=replace(settings.workbench, scenes=tuple(map(placed, settings.workbench.scenes))),
        quality=replace(settings.quality, scorecards=tuple(map(placed, settings.quality.scorecards))),
        node=settings.node or socket.gethostname(),
        speech=replace(settings.speech, aliases={name: placed(path) for name, path in settings.speech.aliases.items()}),
    )


def data_folder(settings: Settings) -> Path:
    """The data folder, made and writable. Raises ConfigError."""
    folder = Path(settings.data)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        probe = folder / f".writable-{os.getpid()}"  # workers try at the same time
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        raise ConfigError(f"data: {folder}: {error.strerror}; name a folder that can be written with --data") from error
    return folder


def admin_token(data: Path) -> tuple[str, bool]:
    """The API token in `admin-token` (mode 600), made on the first start, and whether it is new."""
    path = data / "admin-token"
    try:
        with contextlib.suppress(FileNotFoundError):
            if token := path.read_text("utf-8").strip():
                path.chmod(0o600)
                return token, False
        token = secrets.token_urlsafe(32)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(token + "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"data: {path}: {error}; remove it, and a new token is made") from error
    return token, True


def bind_web(settings: Settings) -> socket.socket:
    """A listening socket for pages and API. Raises ConfigError where the address is taken or not ours."""
    host, port = parse_address(settings.web.listen, "web.listen")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle on: 40 ms an answer
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ConfigError(f"web: {settings.web.listen}: {error.strerror}; name another address with --web") from error
    return listening


def read_dialplan(settings: Settings, voice: Voice | None = None) -> tuple[FlowStore, PromptLibrary]:
    """Every prompt and every flow, checked against each other. Raises ConfigError or DialplanError."""
    folders = [Path(folder) for folder in settings.prompts]
    prompts = PromptLibrary.load(folders, languages_in(folders), voice)
    around = surroundings(settings, prompts.names(), environment_of(settings))
    around = replace(around, triggers=frozenset(shared_triggers(settings)))
    flows = FlowStore([Path(path) for path in settings.dialplans], around)
    flows.reload()
    wrong = [problem for problem in flows.problems if problem.severity == "error"]
    if wrong:
        raise DialplanError(_first_of(wrong), tuple(wrong))
    warm_for(voice, flows.flows.values())
    return flows, prompts


def check_routes(settings: Settings, flows: FlowStore) -> None:
    """Raises ConfigError for a route to a flow that is neither in a file nor published."""
    missing = sorted({route.flow for route in settings.routes} - set(flows.flows))
    if missing:
        raise ConfigError(f"routes: no flow '{missing[0]}'; there are: {', '.join(sorted(flows.flows)) or 'none'}")


def _first_of(wrong: Sequence[Problem]) -> str:
    """One line for many mistakes."""
    first = str(wrong[0]).replace("\n    ", "; ")
    more = len(wrong) - 1
    return f"{first} ({more} more: `ivr check` shows them all)" if more else first


def sip_settings(settings: Settings) -> SipSettings:
    options = settings.sip
    low, high = parse_ports(options.rtp_ports, "sip.rtp_ports")
    return SipSettings(
        listeners=listeners_of(options),
        wire=wire_settings(options),
        trusted_networks=options.trusted_networks,
        realm=options.realm,
        algorithms=options.digest,
        rtp_low=low,
        rtp_high=high,
        max_calls=options.max_calls,
        media=media_policy(settings.media),
        srtp=srtp_rules(settings),
        media_timeout=options.media_timeout,
        session_expires=round(options.session_expires),
        min_se=round(options.min_se),
        max_call_rate=float(options.max_call_rate),
        max_lag=options.max_lag,
        door=door_settings(options, tuple(source for one in settings.trunks.values() for source in one.sources)),
        trunks=trunks_of(settings),
    )


def credentials_of(settings: Settings) -> Callable[[str], digest.Account | None]:
    accounts = {one.user: digest.Account(one.user, one.password) for one in settings.sip.accounts}
    return accounts.get


def accounts_of(settings: Settings) -> tuple[dict[str, str], SettingsAccounts]:
    """Passwords made at this start, and the accounts. Hashing takes a while: call it in a thread."""
    made: dict[str, str] = {}
    credentials = []
    for agent in settings.agents:
        password = agent.password
        if password == "random":
            password = made[agent.id] = secrets.token_urlsafe(9)
        if password:
            credentials.append(Credential(Account(agent.id, agent.name, agent.roles), password))
    return made, SettingsAccounts(credentials)


def supervisors_of(settings: Settings) -> tuple[str, ...]:
    """Who is told of alerts."""
    return tuple(one.id for one in settings.agents if "supervisor" in one.roles)


def agents_of(settings: Settings) -> list[Agent]:
    """Raises ConfigError for a name that cannot stand in the live state."""
    with _names("agents"):
        return [
            Agent(
                id=one.id,
                name=one.name,
                skills=dict(one.skills),
                languages=one.languages,
                team=one.team,
                site=one.site,
                **_capacity(one.capacity),
            )
            for one in settings.agents
        ]


def _capacity(room: int | CapacityOptions) -> dict[str, Any]:
    if isinstance(room, int):
        return {"capacity": room}
    others = {Channel.MESSAGE: room.message, Channel.TICKET: room.ticket}
    rooms = {channel: most for channel, most in others.items() if most}
    return {"capacity": room.voice, "rooms": rooms, "blend": frozenset(Channel(one) for one in room.blend)}


def queues_of(settings: Settings) -> list[Queue]:
    """Raises ConfigError for a name that cannot stand in the live state."""
    with _names("queues"):
        found = [
            Queue(
                name,
                one.ring,
                one.wrap_up,
                one.strategy,
                tuple(one.order),
                dict(one.weights),
                one.ageing,
                one.ring_most,
                extension_seconds=one.wrap_up_extension,
                extensions=one.wrap_up_extensions,
                missed_limit=one.missed_limit,
                declined_limit=one.declined_limit,
                pause_seconds=one.pause,
            )
            for name, one in settings.queues.items()
        ]
    people = {agent.id for agent in settings.agents}
    for queue in found:
        if queue.strategy not in strategies():
            known = ", ".join(sorted(strategies()))
            raise ConfigError(f"{settings.file}: queues.{queue.name}.strategy: '{queue.strategy}' is none of {known}")
        for agent in (*queue.order, *queue.weights):
            if agent not in people:
                raise ConfigError(f"{settings.file}: queues.{queue.name}: there is no agent '{agent}'")
    return found


@contextlib.contextmanager
def _names(place: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from error


def desk_settings(settings: Settings) -> dict[str, Any]:
    first = next(iter(settings.queues.values()), None)
    return {
        "ring_seconds": first.ring if first else 20.0,
        "wrap_up_seconds": first.wrap_up if first else 30.0,
        "dispositions": shown_outcomes(settings.dispositions),
        "breaks": [{"name": one.name, "zh": one.zh, "en": one.en} for one in settings.breaks],
        "reattach_seconds": settings.web.reattach,
        "ice_servers": page_ice_servers(settings),
    }


def media_hosts(settings: Settings) -> tuple[str, ...]:
    """Addresses offered to browsers for audio."""
    if settings.web.media_hosts:
        return settings.web.media_hosts
    host, _ = parse_address(settings.web.listen, "web.listen")
    if host in ("0.0.0.0", "::", "localhost"):
        return (_own_address(),) if host != "localhost" else ("127.0.0.1",)
    return (host,)


def _own_address() -> str:
    """The address that packets to the outside would leave from; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def metrics_text(switchboard: Switchboard, sip: SipGateway, ticker: Ticker, recognizer: RecognizerPool | None = None) -> str:
    """Prometheus text."""
    lines = [
        "# TYPE hotline_calls gauge",
        f"hotline_calls {len(switchboard)}",
        "# TYPE hotline_calls_started_total counter",
        f"hotline_calls_started_total {switchboard.started}",
        "# TYPE hotline_sip_registrations gauge",
        f"hotline_sip_registrations {sip.registrations}",
        "# TYPE hotline_sip_refused_total counter",
        *(f'hotline_sip_refused_total{{reason="{reason}"}} {count}' for reason, count in sorted(sip.refused.items())),
    ]
    for name, value in sip.door.metrics().items():
        lines += [f"# TYPE hotline_sip_{name} gauge", f"hotline_sip_{name} {value:g}"]
    lines += trunk_metrics(sip)
    for name, value in ticker.metrics().items():
        lines += [f"# TYPE hotline_media_{name} gauge", f"hotline_media_{name} {value:g}"]
    return "\n".join(lines) + "\n" + (recognizer.metrics_text() if recognizer is not None else "")
