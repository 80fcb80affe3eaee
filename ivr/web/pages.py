"""The built pages, with headers that let a browser load nothing but them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "microphone=(self), camera=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
}

PAGES = {
    "/": "index.html",
    "/call": "call.html",
    "/desk": "desk.html",
    "/admin": "admin.html",
    "/wall": "wall.html",
    "/quality": "quality.html",
    "/account": "account.html",
}

NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>Hotline</title>
<h1>The pages are not built yet</h1><p>Run <code>make pages</code> in the project's folder, then load this again.
The server itself is running: see <a href="/api/v1/health">/api/v1/health</a>.</p>
"""

_ASSET = re.compile(r"[A-Za-z0-9_.-]+")


class Pages:
    """The pages (`/`, `/call`, `/desk` …) and their assets from a folder that Vite filled; looked for anew each time."""

    def __init__(self, folder: Path, frames: Sequence[str] = ()) -> None:
        """`frames`: origins whose pages may stand within the desk."""
        self._folder, self._frames = folder, tuple(frames)

    @property
    def routes(self) -> list[Route]:
        return [*(Route(path, self.page) for path in PAGES), Route("/assets/{name}", self.asset)]

    async def page(self, request: Request) -> Response:
        headers = {**HEADERS, "cache-control": "no-store"}
        if self._frames and request.url.path == "/desk":
            headers["content-security-policy"] = f"{POLICY}; frame-src {' '.join(self._frames)}"
        file = self._folder / PAGES[request.url.path]
        if not file.is_file():
            return HTMLResponse(NOT_BUILT, 503, {**headers, "retry-after": "5"})
        return FileResponse(file, headers=headers, media_type="text/html")

    async def asset(self, request: Request) -> Response:
        """A file whose name has its hash: it never changes."""
        name = request.path_params["name"]
        file = self._folder / "assets" / name
        if not _ASSET.fullmatch(name) or not file.is_file():
            return Response(status_code=404, headers=HEADERS)
        return FileResponse(file, headers={**HEADERS, "cache-control": "public, max-age=31536000, immutable"})
