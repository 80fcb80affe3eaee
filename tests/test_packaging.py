"""What ships the project: lock files, Makefile, container, compose, systemd and Kubernetes say what is true."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (
    "requirements.txt",
    "requirements-test.txt",
    "requirements-build.txt",
    "requirements-node.txt",
    "requirements-voices.txt",
)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their arguments, continuation lines joined."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^#.*\n", "", read("Dockerfile")))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in text.splitlines() if line.strip()]


def requirement_name(text: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", text)
    assert found, text
    return re.sub(r"[-_.]+", "-", found[0]).lower()


# --- locks


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_pinned_and_hashed(lock: str) -> None:
    blocks = re.split(r"(?m)^(?=[A-Za-z0-9])", read(lock))[1:]
    assert blocks
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index(lock: str) -> None:
    text = read(lock)
    assert "://" not in text
    assert not re.search(r"(?m)^\s*-[-a-z]", text.replace("    --hash", ""))


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    wanted = {
        "requirements.txt": project["dependencies"],
        "requirements-test.txt": project["dependencies"] + project["optional-dependencies"]["test"],
        "requirements-voices.txt": project["dependencies"] + project["optional-dependencies"]["voices"],
    }
    for lock, requirements in wanted.items():
        locked = {requirement_name(line) for line in read(lock).splitlines() if re.match(r"[A-Za-z0-9]", line)}
        missing = {requirement_name(item) for item in requirements} - locked
        assert not missing, f"{lock} lacks {', '.join(sorted(missing))}: run `make lock`"


def test_tests_run_on_what_is_served() -> None:
    """A package that stands in both locks has the same version in both."""

    def versions(lock: str) -> set[str]:
        return {line.rstrip(" \\") for line in read(lock).splitlines() if re.match(r"[A-Za-z0-9]", line)}

    assert versions("requirements.txt") <= versions("requirements-test.txt")


# --- Makefile and scripts


def test_the_makefile_has_the_commands_of_the_documents() -> None:
    targets = set(re.findall(r"(?m)^([a-z0-9-]+):", read("Makefile")))
    commands = {"run", "setup", "setup-test", "test", "pages", "lint", "types", "unit", "e2e", "lock", "prompts", "clean"}
    assert commands <= targets
    for page in (ROOT / "docs").glob("*.md"):
        for name in re.findall(r"`make ([a-z0-9-]+)", page.read_text("utf-8")):
            assert name in targets, f"{page.name} tells of `make {name}`"


def test_make_finds_every_step() -> None:
    done = subprocess.run(["make", "-n", "test", "run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ivr serve" in done.stdout


def test_ci_runs_the_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text("utf-8")


@pytest.mark.parametrize("script", sorted((ROOT / "scripts").glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_executable_and_parse(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    assert script.read_text("utf-8").startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in script.read_text("utf-8")
    done = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_missing_packages_are_one_line_for_who_is_not_root(tmp_path: Path) -> None:
    """`id` answers 1000 here, so nothing is installed."""
    fake = tmp_path / "id"
    fake.write_text("#!/bin/sh\necho 1000\n")
    fake.chmod(0o755)
    command = [str(ROOT / "scripts" / "packages.sh"), "there=true", "gone-one=false", "gone-two=exit 3"]
    done = subprocess.run(
        command, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 1
    assert done.stderr == "hotline: missing packages; as root run: apt-get install gone-one gone-two\n"
    there = subprocess.run([*command[:2]], capture_output=True, text=True, check=False, timeout=20)
    assert (there.returncode, there.stdout, there.stderr) == (0, "", "")


def test_a_python_that_is_too_old_is_one_line() -> None:
    script = str(ROOT / "scripts" / "python.sh")
    env = {"PATH": "/usr/bin:/bin", "PYTHON": "no-such-python"}
    done = subprocess.run([script], env=env, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "3.11" in done.stderr


# --- container


def test_the_base_is_pinned_and_the_same_in_every_stage() -> None:
    bases = [arguments.split()[0] for name, arguments in instructions() if name == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"debian:\d+\.\d+-slim", bases[0])


def test_what_the_container_copies_exists_and_is_not_ignored() -> None:
    ignored = {line for line in read(".dockerignore").splitlines() if not line.startswith("!")}
    for name, arguments in instructions():
        if name == "COPY" and not arguments.startswith("--from"):
            for source in arguments.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert source not in ignored, source


def test_the_container_is_built_by_the_makefile() -> None:
    runs = " ".join(arguments for name, arguments in instructions() if name == "RUN")
    assert "make setup" in runs
    assert "pip install" not in runs
    assert "npm" not in runs


def test_the_container_keeps_the_rules_of_the_trade() -> None:
    names = [name for name, _ in instructions()]
    last = dict(instructions())
    assert last["USER"].isdigit()
    assert last["USER"] != "0"
    assert last["ENTRYPOINT"].startswith("["), "exec form: the server itself gets the signal"
    assert last["CMD"].startswith("[")
    assert last["STOPSIGNAL"] == "SIGTERM"
    assert "HEALTHCHECK" in names
    assert "ADD" not in names
    for name, arguments in instructions():
        if name == "RUN" and "apt-get install" in arguments:
            assert "--no-install-recommends" in arguments
            assert "rm -rf /var/lib/apt/lists" in arguments
        if name == "WORKDIR":
            assert arguments.startswith("/")


def test_compose_says_what_the_server_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    services = yaml.safe_load(read("compose.yaml"))["services"]
    hotline: dict[str, Any] = services["hotline"]
    assert hotline["network_mode"] == "host"
    assert not services["redis"]["image"].endswith("latest")
    assert ":" in services["redis"]["image"]
    volumes = set(yaml.safe_load(read("compose.yaml"))["volumes"])
    for mount in (*hotline["volumes"], *services["redis"]["volumes"]):
        source = mount.split(":")[0]
        assert source in volumes or (ROOT / source).exists(), mount
    for name in hotline["environment"]:
        monkeypatch.setenv(name, "")
    assert load_settings(ROOT / "deploy" / "hotline.yaml").redis == ""


# --- deploy


def environment_of_settings() -> set[str]:
    return set(re.findall(r"env:([A-Z_]+)", read("deploy/hotline.yaml")))


def test_every_way_to_deploy_gives_the_settings_their_environment() -> None:
    needed = environment_of_settings()
    assert set(yaml.safe_load(read("compose.yaml"))["services"]["hotline"]["environment"]) == needed
    assert set(re.findall(r"(?m)^    (HOTLINE_[A-Z_]+)=", read("deploy/README.md"))) == needed
    pod = yaml.safe_load(read("deploy/kubernetes/hotline.yaml"))["spec"]["template"]["spec"]
    assert {item["name"] for item in pod["containers"][0]["env"]} == needed


def test_the_unit_is_hardened_and_names_what_exists() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(read("deploy/hotline.service"))
    assert set(unit.sections()) == {"Unit", "Service", "Install"}
    service = dict(unit["Service"])
    command = service["ExecStart"].split()
    assert command[:2] == ["/opt/hotline/.venv/bin/ivr", "serve"]
    assert (ROOT / command[2].removeprefix("/opt/hotline/")).is_file()
    assert service["User"] not in ("", "root")
    assert service["NoNewPrivileges"] == service["PrivateTmp"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert "MemoryDenyWriteExecute" not in service, "cffi's callbacks need it"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_knows_every_directive(tmp_path: Path) -> None:
    unit = tmp_path / "hotline.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=.*$", "ExecStart=/bin/true", read("deploy/hotline.service")))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False, timeout=60)
    assert "Unknown" not in done.stderr


def test_kubernetes_runs_the_same_image_without_rights() -> None:
    manifest = yaml.safe_load(read("deploy/kubernetes/hotline.yaml"))
    pod = manifest["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert container["image"] == yaml.safe_load(read("compose.yaml"))["services"]["hotline"]["image"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert str(pod["securityContext"]["runAsUser"]) == dict(instructions())["USER"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["livenessProbe"]["httpGet"]["path"] == "/api/v1/health"
    assert (ROOT / container["args"][1]).is_file()


def test_versions_agree() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert yaml.safe_load(read("compose.yaml"))["services"]["hotline"]["image"] == f"hotline:{version}"
