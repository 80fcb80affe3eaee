"""Which octets a request wants (RFC 9110 §14). Pure."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class NotSatisfiable(ValueError):
    """The range begins behind the end: 416."""


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """First octet and number of octets of a single range; None for the whole, also where several are asked for.

    Raises NotSatisfiable.
    """
    if header is None or (match := _RANGE.fullmatch(header.strip())) is None:
        return None
    first, last = match[1], match[2]
    if not first and not last:
        return None
    if not first:  # the last so many
        count = min(int(last), size)
        if count == 0:
            raise NotSatisfiable(header)
        return size - count, count
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return None
    if start >= size:
        raise NotSatisfiable(header)
    return start, end - start + 1
