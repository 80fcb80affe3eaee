"""What stands behind the sample flows `shop` and `account`: orders, customers, codes sent to a telephone. To try them out.

    .venv/bin/python examples/backend/server.py            # on 127.0.0.1:8090, beside `make run`

Codes and messages are printed here instead of being sent. Everything is in memory and gone with the process.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import html
import json
import secrets
import time
from datetime import date, timedelta
from typing import Any

import uvicorn
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

SECRET = "the-secret-of-the-demo"
"""Of `workbench` in examples/demo/hotline.yaml."""
SKEW = 300
"""Seconds by which a signature may be old."""
TRIES = 3
"""Wrong codes after which a new one has to be asked for."""

ORDERS: dict[str, dict[str, Any]] = {
    "100001": {"status": "paid", "returnable": False, "ships_in": 1},
    "100002": {"status": "shipped", "returnable": False, "ships_in": 2},
    "100003": {"status": "delivered", "returnable": True, "ships_in": -3},
    "100004": {"status": "lost", "returnable": False, "ships_in": -9},
}
CUSTOMERS: dict[str, dict[str, Any]] = {
    "8613800138000": {
        "name": "李强",
        "language": "zh",
        "tier": "gold",
        "account": "20000001",
        "history": ["return_goods", "invoice"],
    },
    "4917012345678": {"name": "Emma Braun", "language": "en", "tier": "silver", "history": ["order_status"]},
}
ACCOUNTS = {"20000001": "138000", "20000002": "345678"}
"""Account to the last digits of its telephone."""


def app(codes: dict[str, tuple[str, int]] | None = None) -> Starlette:
    """The service; `codes` holds account to (code, tries left), and may be looked into by tests."""
    sent = {} if codes is None else codes

    async def order(request: Request) -> Response:
        found = ORDERS.get(request.path_params["number"])
        if found is None:
            return _missing("order")
        arrives = date.today() + timedelta(days=found["ships_in"])  # noqa: DTZ011  # the shop's own day
        return JSONResponse({"status": found["status"], "returnable": found["returnable"], "arrives": arrives.isoformat()})

    async def invoice(request: Request) -> Response:
        if request.path_params["number"] not in ORDERS:
            return _missing("order")
        to = str((await _body(request)).get("to", ""))[:40]
        print(f"invoice of order {request.path_params['number']} is sent to {to}", flush=True)
        return JSONResponse({"sent": True}, 201)

    async def customer(request: Request) -> Response:
        found = CUSTOMERS.get(request.path_params["number"].lstrip("+"))
        return _missing("customer") if found is None else JSONResponse(found)

    async def send_code(request: Request) -> Response:
        account = request.path_params["account"]
        if account not in ACCOUNTS:
            return _missing("account")
        sent[account] = (f"{secrets.randbelow(10**6):06d}", TRIES)
        print(f"code of account {account}: {sent[account][0]}", flush=True)
        return JSONResponse({"last_digits": ACCOUNTS[account][-4:]}, 201)

    async def check_code(request: Request) -> Response:
        account = request.path_params["account"]
        code, left = sent.get(account, ("", 0))
        given = str((await _body(request)).get("code", ""))
        if left <= 0 or not hmac.compare_digest(code.encode(), given.encode()):
            sent[account] = (code, max(left - 1, 0))
            return _missing("code")
        del sent[account]
        return JSONResponse({"verified": True})

    async def sms(request: Request) -> Response:
        notice = await _body(request)
        print(f"message to {str(notice.get('to', ''))[:40]}: {str(notice.get('text', ''))[:500]}", flush=True)
        return JSONResponse({"taken": True}, 202)

    done: dict[str, dict[str, Any]] = {}

    async def actions(request: Request) -> Response:
        """What an agent does with one click: signed, and never done twice."""
        body = await request.body()
        if not _signed(request, body):
            return JSONResponse({"message": "the signature is wrong"}, 401)
        order = json.loads(body)
        if order["id"] not in done:
            status, answer = _act(order)
            if status != 200:
                return JSONResponse(answer, status)
            done[order["id"]] = answer
            print(f"{order['action']} by {order['agent']['name']}: {order['fields']}", flush=True)
        return JSONResponse(done[order["id"]])

    async def crm(request: Request) -> Response:
        """A page of an old system: it lets in whoever has a token of the desk, and knows who calls."""
        try:
            given = jwt.decode(request.query_params.get("hotline_token", ""), OctKey.import_key(SECRET), ["HS256"]).claims
        except (JoseError, ValueError):
            return HTMLResponse("<!doctype html><title>CRM</title><p>Sign in first.</p>", 401)
        if given.get("aud") != "crm" or given["exp"] < time.time():
            return HTMLResponse("<!doctype html><title>CRM</title><p>This link has expired.</p>", 401)
        return HTMLResponse(_crm_page(given, request.query_params.get("lang", "en")))

    return Starlette(
        routes=[
            Route("/actions", actions, methods=["POST"]),
            Route("/crm", crm),
            Route("/sms", sms, methods=["POST"]),
            Route("/orders/{number:str}", order),
            Route("/orders/{number:str}/invoice", invoice, methods=["POST"]),
            Route("/customers/{number:str}", customer),
            Route("/accounts/{account:str}/codes", send_code, methods=["POST"]),
            Route("/accounts/{account:str}/codes/check", check_code, methods=["POST"]),
        ]
    )


def _signed(request: Request, body: bytes) -> bool:
    """As docs/workbench.md says: HMAC-SHA-256 over the time and the body."""
    stamp = request.headers.get("hotline-timestamp", "")
    made = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    fresh = stamp.isdecimal() and abs(time.time() - int(stamp)) < SKEW
    return fresh and hmac.compare_digest(f"v1={made}", request.headers.get("hotline-signature", ""))


def _act(order: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """What the shop does, and what it tells the agent."""
    fields, number = order["fields"], order["id"][:6].upper()
    match order["action"]:
        case "refund" if float(fields["amount"]) > 100:
            words = {"zh": "超过一百元要主管先批。", "en": "More than 100 needs a supervisor first."}
            return 409, {"message": words}
        case "refund":
            words = {
                "zh": f"已退 {fields['amount']:g} 元，三天到账。",
                "en": f"{fields['amount']:g} goes back within three days.",
            }
            return 200, {"message": words, "data": {"refund": f"R-{number}"}}
        case "send_engineer":
            words = {"zh": f"已约 {fields['day']}。", "en": f"Booked for {fields['day']}."}
            return 200, {"message": words, "data": {"visit": f"V-{number}"}}
        case _:
            return 200, {"message": {"zh": "已办理。", "en": "Done."}, "data": {"number": number}}


def _crm_page(given: dict[str, Any], language: str) -> str:
    caller, agent = given["contact"]["caller"], given["agent"]
    title, signed_in, contract = (
        ("旧客户系统", "登录为", "合同") if language == "zh" else ("Old CRM", "signed in as", "Contract")
    )
    name, number = html.escape(caller["name"] or "?"), html.escape(caller["number"])
    return (
        f"<!doctype html><html lang={'zh' if language == 'zh' else 'en'}><meta charset=utf-8><title>{title}</title>"
        "<style>body{font:14px system-ui;margin:12px;background:#f4f1e4;color:#222}td{padding:2px 12px 2px 0}</style>"
        f"<h1 style='font-size:16px'>{title}</h1><p>{signed_in} {html.escape(agent['name'])}</p>"
        f"<table><tr><td>{name}<td>{number}<tr><td>{contract}<td>M-2019-0042</table>"
    )


async def _body(request: Request) -> dict[str, Any]:
    try:
        data = await request.json()
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _missing(what: str) -> Response:
    return JSONResponse({"error": f"no such {what}"}, 404)


def main() -> None:
    parser = argparse.ArgumentParser(description="The shop and the account desk behind the sample flows.")
    parser.add_argument("--listen", default="127.0.0.1:8090", metavar="HOST:PORT")
    host, _, port = parser.parse_args().listen.rpartition(":")
    print(f"orders {', '.join(ORDERS)}; accounts {', '.join(ACCOUNTS)}", flush=True)
    uvicorn.run(app(), host=host, port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
