"""What stands behind the sample flows `shop` and `account`: orders, customers, codes sent to a telephone. To try them out.

    .venv/bin/python examples/backend/server.py            # on 127.0.0.1:8090, beside `make run`

Codes and messages are printed here instead of being sent. Everything is in memory and gone with the process.
"""

from __future__ import annotations

import argparse
import hmac
import secrets
from datetime import date, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

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

    return Starlette(
        routes=[
            Route("/sms", sms, methods=["POST"]),
            Route("/orders/{number:str}", order),
            Route("/orders/{number:str}/invoice", invoice, methods=["POST"]),
            Route("/customers/{number:str}", customer),
            Route("/accounts/{account:str}/codes", send_code, methods=["POST"]),
            Route("/accounts/{account:str}/codes/check", check_code, methods=["POST"]),
        ]
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
