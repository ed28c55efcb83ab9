"""Private files of a test go into a folder of its own."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: Any) -> Path:
    """Return the folder that stands for the private storage."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}},
    }
    return tmp_path
