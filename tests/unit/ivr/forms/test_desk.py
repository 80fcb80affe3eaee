"""Forms over the settings: typed values out, the same file with as few changes in, and nobody overwrites anybody."""

from __future__ import annotations

import json
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ivr.errors import ConfigError, Conflict, NotFound, Stale
from ivr.forms.desk import FormDesk, InvalidForm
from ivr.forms.parts import MASK
from ivr.forms.schema import schema_of
from ivr.settings import load_settings
from ivr.settings_queues import AgentOptions

SETTINGS = """\
# ours
name: test
queues:
  support: { ring: 20s } # the first
agents:
  - { id: fang, name: 王芳, password: 'clear text', skills: { telecom: 5 }, roles: [agent] } # senior
  - { id: emma, password: "env:EMMA" }
trunks:
  berlin: { hosts: [sip.example.net], user: me, password: hidden, sources: [192.0.2.0/24] }
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMMA", "secret")
    path = tmp_path / "hotline.yaml"
    path.write_text(SETTINGS, "utf-8")
    return path


def desk(file: Path, **options: Any) -> FormDesk:
    def check(path: Path) -> None:
        load_settings(path)

    checks = {"settings": check, "environment": options.pop("check", check)}
    environment = options.pop("environment", None)
    return FormDesk(file, environment, file.parent / "history", checks, lambda word: f"argon2:{word}", **options)


def write(forms: FormDesk, part: str, value: Any) -> dict[str, Any]:
    return forms.write(part, value, forms.read(part)["stamp"], "root")


def test_parts_are_those_whose_file_is_there(file: Path) -> None:
    assert [one["part"] for one in desk(file).parts()] == ["queues", "agents", "skills", "routes", "trunks", "dispositions"]
    both = desk(file, environment=file)
    assert {"hours", "holidays", "flags", "values"} <= {one["part"] for one in both.parts()}


def test_a_part_is_read_with_place_schema_and_stamp(file: Path) -> None:
    found = desk(file).read("queues")
    assert found["value"] == {"support": {"ring": "20s"}}
    assert (found["line"], found["effect"]) == (3, "now")
    assert found["schema"]["additionalProperties"]["properties"]["ring"]["format"] == "duration"


def test_secrets_do_not_leave(file: Path) -> None:
    told = json.dumps([desk(file).read(part) for part in ("agents", "trunks")])
    assert "clear text" not in told and "hidden" not in told
    assert [one.get("password") for one in desk(file).read("agents")["value"]] == [MASK, "env:EMMA"]


def test_a_masked_secret_stays_and_a_new_one_is_sealed(file: Path) -> None:
    forms = desk(file)
    agents = forms.read("agents")["value"]
    agents[0]["name"] = "Fang"
    agents.append({"id": "li", "password": "new one"})
    write(forms, "agents", agents)
    text = file.read_text("utf-8")
    assert "password: 'clear text'" in text and "name: Fang" in text and "# senior" in text
    assert "argon2:new one" in text and "password: new one" not in text
    trunks = forms.read("trunks")["value"]
    trunks["berlin"]["password"] = "other"
    write(forms, "trunks", trunks)
    assert "password: other" in file.read_text("utf-8")  # a trunk has to answer with it


def test_a_mask_of_nothing_is_refused(file: Path) -> None:
    with pytest.raises(InvalidForm, match="type it"):
        write(desk(file), "agents", [{"id": "new", "password": MASK}])


def test_the_rest_of_the_file_stays_as_it_is(file: Path) -> None:
    write(desk(file), "queues", {"support": {"ring": "25s"}, "care": {}})
    assert file.read_text("utf-8") == SETTINGS.replace("{ ring: 20s } # the first", "{ ring: 25s } # the first\n  care: {}")


def test_a_stale_save_has_both_and_changes_nothing(file: Path) -> None:
    forms = desk(file)
    stamp = forms.read("queues")["stamp"]
    write(forms, "queues", {"support": {"ring": "5s"}})
    with pytest.raises(Stale) as caught:
        forms.write("queues", {"support": {"ring": "9s"}}, stamp, "li")
    assert json.loads(caught.value.theirs) == {"support": {"ring": "5s"}}
    assert json.loads(caught.value.yours) == {"support": {"ring": "9s"}}
    assert forms.write("queues", {"support": {"ring": "9s"}}, caught.value.stamp, "li")["value"]["support"]["ring"] == "9s"


def test_other_parts_do_not_make_a_save_stale(file: Path) -> None:
    forms = desk(file)
    stamp = forms.read("queues")["stamp"]
    write(forms, "dispositions", ["solved"])
    assert forms.write("queues", {}, stamp, "li")["value"] == {}


@pytest.mark.parametrize(
    ("part", "value", "path", "words"),
    [
        ("queues", {"a": {"rig": 1}}, ["a", "rig"], "did you mean 'ring'"),
        ("queues", {"a": {"ring": "soon"}}, ["a", "ring"], "duration"),
        ("agents", [{"name": "x"}], ["0"], "missing id"),
        ("agents", [{"id": "x", "skills": {"y": "high"}}], ["0", "skills", "y"], "whole number"),
        ("skills", {"y": {"nobody": 3}}, ["y", "nobody"], "no such agent"),
        ("skills", {"y": {"fang": 12}}, [], "level 12"),
        ("skills", [], [], "expected skill"),
        ("routes", "x", ["0"], "expected"),
        ("trunks", {"x": None}, ["x"], "expected"),
    ],
)
def test_what_the_server_would_refuse_is_not_written(file: Path, part: str, value: Any, path: list[str], words: str) -> None:
    with pytest.raises(InvalidForm, match=words) as caught:
        write(desk(file), part, value)
    assert caught.value.problems[0]["path"] == path
    assert caught.value.problems[0]["file"] == str(file)
    assert file.read_text("utf-8") == SETTINGS
    assert sorted(one.name for one in file.parent.iterdir()) == ["hotline.yaml"]


def test_skills_are_the_agents_seen_from_the_skill(file: Path) -> None:
    forms = desk(file)
    assert forms.read("skills")["value"] == {"telecom": {"fang": 5}}
    write(forms, "skills", {"telecom": {"fang": 6, "emma": 2}, "vip": {"emma": 9}})
    settings = load_settings(file)
    assert [dict(one.skills) for one in settings.agents] == [{"telecom": 6}, {"telecom": 2, "vip": 9}]
    write(forms, "skills", {"vip": {"emma": 9}})
    assert [dict(one.skills) for one in load_settings(file).agents] == [{}, {"vip": 9}]


def test_hostile_values_are_refused(file: Path) -> None:
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    for value in (deep, {"a": {"ring": "x" * 300_000}}, {"a": {"ring": "1s\nsip: {}"}}):
        with pytest.raises(ConfigError):
            write(desk(file), "queues", value)
    assert file.read_text("utf-8") == SETTINGS
    with pytest.raises(NotFound):
        desk(file).read("sip")
    with pytest.raises(NotFound):
        desk(file).read("../hotline")


def test_what_was_there_before_is_kept(file: Path) -> None:
    write(desk(file, clock=lambda: 1_790_000_000.0), "queues", {})
    (kept,) = (file.parent / "history").iterdir()
    assert kept.read_text("utf-8") == f"# before root changed it\n{SETTINGS}"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_what_works_now_needs_no_restart(file: Path) -> None:
    assert write(desk(file, applied=lambda part: True), "queues", {})["restart"] == []
    assert write(desk(file), "routes", [{"to": "*", "flow": "x"}])["restart"] == ["routes"]


def test_mode_and_links_of_the_file_stay(file: Path) -> None:
    file.chmod(0o640)
    link = file.parent / "link.yaml"
    link.symlink_to(file)
    write(desk(link), "queues", {})
    assert link.is_symlink() and file.stat().st_mode & 0o777 == 0o640
    assert "support" not in file.read_text("utf-8")


def test_a_file_that_is_no_form_is_said(file: Path) -> None:
    file.write_text("- a\n", "utf-8")
    with pytest.raises(Conflict, match="no keys"):
        desk(file).read("queues")
    file.write_text("a: [", "utf-8")
    with pytest.raises(Conflict, match="cannot be read"):
        desk(file).read("queues")
    shutil.rmtree(file.parent, ignore_errors=True)
    with pytest.raises(Conflict):
        desk(file).read("queues")


def test_an_environment_has_its_own_check(file: Path) -> None:
    environment = file.parent / "env.yaml"
    environment.write_text("values: { a: 1 }\nholidays: { cn: [2026-01-01] } # dates\n", "utf-8")

    def check(path: Path) -> None:
        if "bad" in path.read_text("utf-8"):
            raise ConfigError(f"{path}: values.a: no")

    forms = desk(file, environment=environment, check=check)
    assert forms.read("holidays")["value"] == {"cn": ["2026-01-01"]}
    with pytest.raises(InvalidForm, match="no"):
        write(forms, "values", {"a": "bad"})
    assert write(forms, "values", {"a": 2})["restart"] == []
    assert environment.read_text("utf-8") == "values: { a: 2 }\nholidays: { cn: [2026-01-01] } # dates\n"


def test_a_schema_has_types_defaults_and_the_words_of_the_settings() -> None:
    schema = schema_of(AgentOptions)
    assert schema["required"] == ["id"] and schema["additionalProperties"] is False
    assert schema["properties"]["password"]["format"] == "secret"
    number, channels = schema["properties"]["capacity"]["anyOf"]
    assert number == {"type": "integer"} and schema["properties"]["capacity"]["default"] == 1
    assert list(channels["properties"]) == ["voice", "message", "ticket", "blend"]
    assert schema["properties"]["roles"]["default"] == ["agent"]


def test_a_stamp_tells_nothing_of_the_secrets(file: Path) -> None:
    """Who sees all of a part but a short password must not be able to find it by trying."""
    forms, other = desk(file), desk(file)
    assert forms.read("trunks")["stamp"] == forms.read("trunks")["stamp"] != other.read("trunks")["stamp"]


def test_no_copy_of_the_file_is_for_others_to_read(file: Path) -> None:
    modes: list[int] = []

    def applied(part: str) -> bool:
        modes.extend(one.stat().st_mode & 0o777 for one in (file.parent / "history").iterdir())
        return True

    class Watched(FormDesk):
        def _proved(self, *arguments: Any) -> None:
            self._check = {"settings": lambda path: modes.append(path.stat().st_mode & 0o777)}
            super()._proved(*arguments)

    forms = Watched(file, None, file.parent / "history", {}, str, applied)
    write(forms, "queues", {})
    assert modes == [0o600, 0o600]


def test_two_writers_at_once(file: Path) -> None:
    """One is told; what is put into force is what was written last."""
    forms = desk(file, applied=lambda part: True)
    stamp = forms.read("queues")["stamp"]

    def save(ring: str) -> str:
        try:
            forms.write("queues", {"support": {"ring": ring}}, stamp, "li")
        except Stale:
            return "told"
        return "saved"

    with ThreadPoolExecutor(4) as people:
        assert sorted(people.map(save, ["1s", "2s", "3s", "4s"])) == ["saved", "told", "told", "told"]


def test_what_is_written_is_put_into_force_in_that_order(file: Path) -> None:
    busy = threading.Event()

    def applied(part: str) -> bool:
        assert not busy.is_set()
        busy.set()
        time.sleep(0.05)
        busy.clear()
        return True

    forms = desk(file, applied=applied)
    jobs = [("queues", {"support": {"ring": "1s"}}), ("dispositions", ["solved"]), ("routes", [{"to": "*", "flow": "x"}])]
    with ThreadPoolExecutor(3) as people:
        assert [one["restart"] for one in people.map(lambda job: write(forms, *job), jobs)] == [[], [], []]


def test_keys_that_are_numbers_and_another_order_change_nothing_else(file: Path) -> None:
    """JSON has text for keys, and a browser puts those that look like numbers first."""
    environment = file.parent / "env.yaml"
    text = "flags:\n  # why\n  b: { percent: 30 } # bee\n  10: true # ten\n  2: false # two\n"
    environment.write_text(text, "utf-8")
    forms = desk(file, environment=environment, check=lambda path: None)
    write(forms, "flags", {"2": False, "10": True, "b": {"percent": 30}})
    assert environment.read_text("utf-8") == text
    write(forms, "flags", {"2": True, "10": True, "b": {"percent": 30}, "c": False})
    assert environment.read_text("utf-8") == text.replace("2: false # two\n", "2: true # two\n  c: false\n")
