"""Load what the slices register: kinds of notices, event handlers, long work, panels of pages, parts of programs."""

from collections.abc import Iterable
from importlib import import_module, util

REGISTERING = ("kinds", "handlers", "jobs", "fillers", "blueprint")


def load_registrations(package: str, slices: Iterable[str]) -> None:
    """Import the registering modules of each slice that has them; all models must be known."""
    for slice_name in slices:
        for role in REGISTERING:
            module = f"{package}.{slice_name}.{role}"
            if util.find_spec(module):
                import_module(module)
