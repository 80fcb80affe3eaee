"""Keeps this node's files as what is live, wherever nobody writes on them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from pathlib import Path

from ivr.publishing.change import Change
from ivr.publishing.files import FlowFile, FlowFiles, Read
from ivr.publishing.ledger import Ledger
from ivr.publishing.model import ENVIRONMENT, Standing, version_of

log = logging.getLogger(__name__)


class Upkeep:
    """`drift` is flow to what is not the same between its file and what is live, in words for a person.

    A flow that was published by a file elsewhere is deployed here too, by whoever deploys: its file is left alone. The
    environment's is brought along always: forms of any node write it.
    """

    def __init__(self, ledger: Ledger, files: FlowFiles) -> None:
        self._ledger = ledger
        self._files = files
        self.drift: dict[str, str] = {}

    async def look(self, standings: Collection[Standing], read: Read) -> None:
        """Compare, and bring a file along that holds what was published before by a page. Raises StoreUnavailable."""
        drift: dict[str, str] = {}
        behind = await asyncio.to_thread(self._behind, standings, read)
        origins = await self._ledger.numbered(behind) if behind else {}
        for flow in behind:
            file = read.files.get(flow)
            if file is None:
                drift[flow] = "this node has no file of it, or one with errors"
            elif flow != ENVIRONMENT and flow in origins and origins[flow].action == "file":
                drift[flow] = f"{file.path} holds another text: a file elsewhere was published"
            else:
                drift[flow] = await self._bring(flow, file)
        for flow in sorted(drift):
            if drift[flow] and self.drift.get(flow) != drift[flow]:
                log.warning("flow %s: %s", flow, drift[flow])
        self.drift = {flow: words for flow, words in drift.items() if words}

    def _behind(self, standings: Collection[Standing], read: Read) -> dict[str, int]:
        """Flow to its live number, of those whose file holds something else."""
        return {one.flow: one.number for one in standings if one.version and self._held(one.flow, read) != one.version}

    def _held(self, flow: str, read: Read) -> str:
        """The version that the file holds now, "" where there is none."""
        known = read.files.get(flow)
        text = self._files.text(known.path) if known is not None else None
        return version_of(text) if text is not None else ""

    async def _bring(self, flow: str, file: FlowFile) -> str:
        """Write what is live over what was; what is in the way, "" where nothing is."""
        if not self._files.writes:
            return f"{file.path} is left as it was: publishing.write_files is off"
        async with self._ledger.change(time.time()) as change:
            standing, seen = await change.standing(flow), await change.seen(file.place)
            text = await asyncio.to_thread(self._files.text, file.path)
            if standing is None or text is None or seen is None:
                return f"{file.path} cannot be read"
            held = version_of(text)
            if held == standing.version:
                return ""
            if held != seen[0]:
                return f"{file.path} was changed by hand and is not published"
            return await self._write(change, standing, file.path, file.place)

    async def create(self, flow: str, path: Path) -> None:
        """Write the file of a flow that has none, where that is wanted and possible; `look` tells where it is not."""
        if not self._files.writes:
            return
        async with self._ledger.change(time.time()) as change:
            standing = await change.standing(flow)
            if standing is not None and not await asyncio.to_thread(path.exists):
                await self._write(change, standing, path, self._files.place(path))

    async def _write(self, change: Change, standing: Standing, path: Path, place: str) -> str:
        live = await change.text(standing.flow, standing.version)
        try:
            await asyncio.to_thread(self._files.write, path, live)
        except OSError as error:
            return f"{path} cannot be written ({error.strerror}): the database alone has what is live"
        await change.saw(place, standing.flow, standing.version, change.serial - 1)
        await change.kept()
        return ""
