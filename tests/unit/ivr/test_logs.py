"""Lines go out together, in order; a warning takes those before it along at once."""

from __future__ import annotations

import asyncio
import io
import logging

from ivr.logs import GATHER_SECONDS, NOISY, GatheringHandler


class Counted(io.StringIO):
    writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)


def logger_on(stream: Counted) -> logging.Logger:
    handler = GatheringHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname).1s %(message)s"))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    return logger


async def test_ordinary_lines_are_one_write() -> None:
    stream = Counted()
    logger = logger_on(stream)
    for n in range(20):
        logger.info("line %d", n)
    assert stream.writes == 0
    await asyncio.sleep(2 * GATHER_SECONDS)
    assert stream.writes == 1
    assert stream.getvalue().splitlines() == [f"I line {n}" for n in range(20)]


async def test_a_warning_waits_for_nothing_and_keeps_the_order() -> None:
    stream = Counted()
    logger = logger_on(stream)
    logger.info("before")
    logger.warning("now")
    assert stream.getvalue() == "I before\nW now\n"


def test_without_a_loop_each_line_goes_at_once() -> None:
    stream = Counted()
    logger_on(stream).info("alone")
    assert stream.getvalue() == "I alone\n"


async def test_a_reader_that_has_gone_hurts_nobody() -> None:
    stream = Counted()
    logger = logger_on(stream)
    stream.close()
    logger.warning("to nobody")
    assert stream.closed


def test_addresses_of_webhooks_are_not_logged() -> None:
    """`httpx` names the whole address of each request at INFO, and many a webhook has its secret in there."""
    assert {"httpx", "httpcore"} <= set(NOISY)
