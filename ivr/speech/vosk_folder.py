"""A Vosk model as it is loaded: with longer pieces of audio for its network, where its maker set none.

Kaldi's network arranges its weights anew for each piece. With pieces of 0.2 s, its default, a quarter of the time goes there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FRAMES = 40
"""Of 10 ms. More cost hardly less, and what was said is known so much later."""
OPTION = "--frames-per-chunk"


@contextmanager
def tuned(model: Path) -> Iterator[Path]:
    """A folder of links to the model's files with a setting of ours, for as long as it is being loaded.

    The model itself where it sets the length of pieces, or has no `conf/model.conf` to set it in. Raises OSError.
    """
    conf = model / "conf" / "model.conf"
    if not conf.is_file() or OPTION in (settings := conf.read_text("utf-8")):
        yield model
        return
    with tempfile.TemporaryDirectory(prefix="vosk-") as place:
        folder = Path(place)
        (folder / "conf").mkdir()
        for part in model.iterdir():
            if part.name != "conf":
                (folder / part.name).symlink_to(part.resolve())
        for part in conf.parent.iterdir():
            if part != conf:
                (folder / "conf" / part.name).symlink_to(part.resolve())
        (folder / "conf" / conf.name).write_text(f"{settings.rstrip()}\n{OPTION}={FRAMES}\n", "utf-8")
        yield folder
