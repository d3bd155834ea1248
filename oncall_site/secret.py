"""The embedded secret key: made once, kept in the data directory, the same for every process of one machine."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def secret_from(data_dir: Path) -> str:
    """Return the key kept in `data_dir`, making it on the first call. Two processes that start at once agree."""
    kept = data_dir / "secret-key"
    try:
        if not kept.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            draft = data_dir / f"secret-key.{os.getpid()}"
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(50))
            with suppress(FileExistsError):
                kept.hardlink_to(draft)  # fails where another process was first: then theirs is the key
            draft.unlink()
        return kept.read_text()
    except OSError as refused:
        raise ImproperlyConfigured(
            f"{data_dir} cannot be written ({refused.strerror}). "
            "Set DATA_DIR to a folder that this user may write, or set SECRET_KEY."
        ) from refused
