"""From settings to parts: what is wrong is refused in one line, and secrets stay secret."""

from __future__ import annotations

import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.errors import ConfigError, DialplanError
from ivr.settings import (
    Route,
    Settings,
    SipAccount,
    SipOptions,
    WebOptions,
    load_settings,
)
from ivr.settings_queues import AgentOptions, QueueOptions
from ivr.settings_speech import ModelOptions, SpeechOptions
from ivr.speech.settings import Feed, ModelUse
from ivr.wiring import (
    accounts_of,
    admin_token,
    agents_of,
    bind_web,
    check_routes,
    credentials_of,
    data_folder,
    desk_settings,
    media_hosts,
    overridden,
    queues_of,
    read_dialplan,
    sip_settings,
)
from ivr.wiring_speech import speech_settings

ROOT = Path(__file__).parents[3]


def test_options_of_the_command_line_win_and_paths_start_at_the_settings_file(tmp_path: Path) -> None:
    settings = Settings(profiles="who.yaml", speech=SpeechOptions(aliases={"zh": "zh.yaml"}))
    config = tmp_path / "hotline.yaml"
    plain = overridden(settings, config, None, None, None)
    assert (plain.data, plain.dialplans) == (str(tmp_path / "data"), (str(tmp_path / "dialplans"),))
    assert plain.profiles == str(tmp_path / "who.yaml")
    assert plain.speech.aliases == {"zh": str(tmp_path / "zh.yaml")}
    assert plain.node == socket.gethostname()
    above = overridden(
        Settings(dialplans=("../../flows",), prompts=("./p/",)), tmp_path / "a" / "b" / "x.yaml", None, None, None
    )
    assert (above.dialplans, above.prompts) == ((str(tmp_path / "flows"),), (str(tmp_path / "a" / "b" / "p"),))
    told = overridden(settings, config, "127.0.0.1:7000", "[::1]:80", tmp_path / "there")
    assert told.sip.listen == ("udp://127.0.0.1:7000", "tcp://127.0.0.1:7000")
    assert (told.web.listen, told.data) == ("[::1]:80", str(tmp_path / "there"))
    for wrong in ("127.0.0.1", "127.0.0.1:70000"):
        with pytest.raises(ConfigError, match="--sip"):
            overridden(settings, config, wrong, None, None)
        with pytest.raises(ConfigError, match="--web"):
            overridden(settings, config, None, wrong, None)


def test_a_data_folder_is_made_or_refused_by_name(tmp_path: Path) -> None:
    folder = data_folder(Settings(data=str(tmp_path / "a" / "b")))
    assert list(folder.iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    for way in ("file", "file/below"):
        with pytest.raises(ConfigError, match="--data"):
            data_folder(Settings(data=str(tmp_path / way)))


def test_the_token_is_made_once_and_nobody_else_reads_it(tmp_path: Path) -> None:
    token, new = admin_token(tmp_path)
    path = tmp_path / "admin-token"
    assert new
    assert len(token) >= 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert admin_token(tmp_path) == (token, False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("\n")
    assert admin_token(tmp_path)[1]
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match="admin-token"):
        admin_token(tmp_path)


def test_a_web_address_that_is_taken_or_not_ours_is_refused() -> None:
    with bind_web(Settings(web=WebOptions(listen="127.0.0.1:0"))) as first:
        assert first.proto == socket.IPPROTO_TCP  # so that asyncio turns Nagle off for what it accepts
        first.listen()
        taken = f"127.0.0.1:{first.getsockname()[1]}"
        with pytest.raises(ConfigError, match="in use"):
            bind_web(Settings(web=WebOptions(listen=taken)))
    with pytest.raises(ConfigError, match="--web"):
        bind_web(Settings(web=WebOptions(listen="192.0.2.1:8080")))


def test_the_demo_dialplan_reads_and_a_route_to_nowhere_does_not() -> None:
    demo = ROOT / "examples" / "demo" / "hotline.yaml"
    settings = overridden(load_settings(demo), demo, None, None, None)
    flows, prompts = read_dialplan(settings)
    assert "telecom" in flows.flows
    assert prompts.names()["welcome"] >= {"zh", "en"}
    with pytest.raises(ConfigError, match=r"no flow 'sales'; there are: .*telecom"):
        check_routes(replace(settings, routes=(Route("*", "sales"),)), flows)


def test_many_mistakes_in_a_flow_are_one_line(tmp_path: Path) -> None:
    flow = tmp_path / "a.yaml"
    flow.write_text("flow: a\nlanguages: [en]\nstates:\n  one: { say: x, on: { done: two }, oops: 1 }\n", "utf-8")
    with pytest.raises(DialplanError) as caught:
        read_dialplan(Settings(dialplans=(str(flow),), prompts=()))
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{flow}:4:")
    assert len(caught.value.problems) == 1 or "more" in message


@pytest.mark.parametrize("agent", [AgentOptions("em ma"), AgentOptions("a", skills={"x y": 1}), AgentOptions("a", capacity=0)])
def test_names_that_cannot_be_kept_are_refused(agent: AgentOptions) -> None:
    with pytest.raises(ConfigError, match=r"^agents: "):
        agents_of(Settings(agents=(agent,)))
    with pytest.raises(ConfigError, match=r"^queues: "):
        queues_of(Settings(queues={"a;b": QueueOptions()}))


def test_agents_queues_and_the_desk_take_what_the_settings_say() -> None:
    settings = Settings(
        queues={"a": QueueOptions(ring=5, wrap_up=7, missed_limit=3, declined_limit=4, pause=60, wrap_up_extensions=1)},
        agents=(AgentOptions("x", "Xu", skills={"s": 3}, languages=("zh",), capacity=2),),
        dispositions=("ok",),
    )
    (agent,), (queue,) = agents_of(settings), queues_of(settings)
    assert (agent.id, agent.name, agent.skills, agent.languages, agent.capacity) == ("x", "Xu", {"s": 3}, ("zh",), 2)
    assert (queue.name, queue.ring_seconds, queue.wrap_up_seconds) == ("a", 5, 7)
    assert (queue.missed_limit, queue.declined_limit, queue.pause_seconds, queue.extensions) == (3, 4, 60, 1)
    told = desk_settings(settings)
    breaks = told.pop("breaks")
    assert told.pop("reattach_seconds") == 30.0
    assert told == {"ring_seconds": 5, "wrap_up_seconds": 7, "dispositions": ["ok"], "ice_servers": []}
    assert breaks[1] == {"name": "meal", "zh": "用餐", "en": "Meal"}
    assert desk_settings(Settings())["ring_seconds"] == 20.0


def test_listeners_ports_and_credentials() -> None:
    sip = SipOptions(listen=("udp://[::1]:5060", "tcp://127.0.0.1:0"), accounts=(SipAccount("7", "secret"),))
    wired = sip_settings(Settings(sip=sip))
    assert [(one.transport, one.host, one.port) for one in wired.listeners] == [("udp", "::1", 5060), ("tcp", "127.0.0.1", 0)]
    assert (wired.rtp_low, wired.rtp_high) == (20000, 29999)
    find = credentials_of(Settings(sip=sip))
    assert find("7") is not None
    assert find("8") is None


def test_speech_is_what_is_installed_named_or_switched_off(tmp_path: Path) -> None:
    named = Settings(speech=SpeechOptions(models={"ko": "some"}))
    assert speech_settings(named, ["zh"], tmp_path).models == {"ko": "some"}
    assert speech_settings(replace(named, speech=SpeechOptions(enabled=False, models={"ko": "x"})), [], tmp_path).models == {}
    assert speech_settings(Settings(), ["xx"], tmp_path).models == {}
    assert speech_settings(Settings(), ["xx"], tmp_path).directory == tmp_path / "models"


def test_a_language_has_its_own_engine_feed_and_server(tmp_path: Path) -> None:
    far = ModelOptions(engine="remote", url="ws://10.0.0.9:2700", alternatives=3)
    near = ModelOptions("zipformer", "sherpa", "bandfill", hot_words=("沃达丰",))
    wanted = speech_settings(Settings(speech=SpeechOptions(models={"zh": far, "en": near, "ko": "some"})), [], tmp_path)
    assert wanted.models == {"zh": "ws://10.0.0.9:2700", "en": "zipformer", "ko": "some"}
    assert wanted.uses["zh"] == ModelUse("remote", "ws://10.0.0.9:2700", alternatives=3)
    assert wanted.uses["en"] == ModelUse("sherpa", hot_words=("沃达丰",))
    assert wanted.feed_by_language == {"zh": Feed.RESAMPLE, "en": Feed.BANDFILL, "ko": Feed.RESAMPLE}


async def test_random_passwords_are_made_and_agents_without_one_cannot_sign_in() -> None:
    made, accounts = accounts_of(Settings(agents=(AgentOptions("a", password="random"), AgentOptions("b"))))
    assert list(made) == ["a"]
    assert await accounts.verify("a", made["a"]) is not None
    assert await accounts.verify("b", "") is None


@pytest.mark.parametrize(
    ("listen", "hosts", "expected"),
    [
        ("127.0.0.1:1", (), ("127.0.0.1",)),
        ("localhost:1", (), ("127.0.0.1",)),
        ("10.1.2.3:1", (), ("10.1.2.3",)),
        ("0.0.0.0:1", ("192.0.2.7",), ("192.0.2.7",)),
    ],
)
def test_addresses_for_audio(listen: str, hosts: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert media_hosts(Settings(web=WebOptions(listen=listen, media_hosts=hosts))) == expected


def test_every_interface_offers_one_address_of_this_machine() -> None:
    (host,) = media_hosts(Settings(web=WebOptions(listen="0.0.0.0:1")))
    assert socket.inet_aton(host) != bytes(4)
