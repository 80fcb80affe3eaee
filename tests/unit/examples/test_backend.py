"""The service behind the sample flows: orders are told, codes are sent, and guessing one ends after three tries."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from starlette.testclient import TestClient

SERVER = Path(__file__).resolve().parents[3] / "examples" / "backend" / "server.py"


@pytest.fixture(scope="module")
def server() -> ModuleType:
    spec = importlib.util.spec_from_file_location("backend_server", SERVER)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_orders_customers_and_invoices(server: ModuleType) -> None:
    with TestClient(server.app()) as client:
        assert client.get("/orders/100003").json()["returnable"] is True
        assert client.get("/orders/999999").status_code == 404
        assert client.get("/customers/8613800138000").json()["tier"] == "gold"
        assert client.get("/customers/1").status_code == 404
        assert client.post("/orders/100001/invoice", json={"to": "+86138"}).status_code == 201
        assert client.post("/orders/1/invoice", content=b"no json").status_code == 404


def test_messages_are_printed(server: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with TestClient(server.app()) as client:
        assert client.post("/sms", json={"to": "+86138", "text": "您的退货单号是T-000001。"}).status_code == 202
    assert "message to +86138: 您的退货单号是T-000001。" in capsys.readouterr().out


def test_a_code_is_good_once_and_guessing_ends(server: ModuleType) -> None:
    codes: dict[str, tuple[str, int]] = {}
    with TestClient(server.app(codes)) as client:
        check = "/accounts/20000001/codes/check"
        assert client.post("/accounts/7/codes").status_code == 404
        assert client.post(check, json={"code": ""}).status_code == 404
        assert client.post("/accounts/20000001/codes").json() == {"last_digits": "8000"}
        assert client.post(check, json={"code": codes["20000001"][0]}).json() == {"verified": True}
        assert client.post(check, json={"code": "000000"}).status_code == 404
        client.post("/accounts/20000001/codes")
        code = codes["20000001"][0]
        for _ in range(3):
            assert client.post(check, json={"code": "wrong"}).status_code == 404
        assert client.post(check, json={"code": code}).status_code == 404
