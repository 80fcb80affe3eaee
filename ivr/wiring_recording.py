"""From the settings of recordings to what telephony takes, and back from a sealed file."""

from __future__ import annotations

from pathlib import Path

from ivr.errors import ConfigError
from ivr.settings_calls import RecordingOptions
from telephony.gateway.recording import RecordingSettings
from telephony.gateway.recording_files import plain
from telephony.gateway.sealing import SealBroken, key_of


def recording_settings(options: RecordingOptions) -> RecordingSettings | None:
    """None where nothing is to be recorded. Raises ConfigError for a key that is none."""
    if not options.folder:
        return None
    return RecordingSettings(
        folder=Path(options.folder),
        format=options.format,
        key=seal_key(options),
        longest=options.max_hours * 3600.0,
        least_free=options.min_free_mb * 1_000_000,
    )


def seal_key(options: RecordingOptions) -> bytes | None:
    """The 32 octets of `recording.encrypt_key`, None without one. Raises ConfigError for a key that is none."""
    try:
        return key_of(options.encrypt_key) if options.encrypt_key else None
    except ValueError as error:
        raise ConfigError(f"recording.encrypt_key: {error}") from error


def unseal_file(source: Path, target: Path, key_text: str) -> int:
    """`ivr unseal`: write a sealed recording as a plain one; returns its octets. Raises ConfigError."""
    try:
        data = plain(source, key_of(key_text))
        with target.open("xb") as out:
            out.write(data)
    except FileExistsError as error:
        raise ConfigError(f"{target} is there already; name another file") from error
    except (OSError, ValueError, SealBroken) as error:
        raise ConfigError(f"{source}: {error}") from error
    return len(data)
