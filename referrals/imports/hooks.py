"""What other packages must do, or may forbid, before an import's rows are taken away."""

from collections.abc import Callable
from uuid import UUID

Hook = Callable[[UUID], None]
_before_undo: list[Hook] = []


class UndoRefused(Exception):
    """The import cannot be undone any more; the text, shown to the person, says why."""


def before_undo(hook: Hook) -> Hook:
    """Register what runs with the import's id, in the undo's own transaction, before its rows go.

    A hook raises UndoRefused to forbid the undo.
    """
    if hook not in _before_undo:
        _before_undo.append(hook)
    return hook


def run_before_undo(import_id: UUID) -> None:
    """Run every hook in the order of registration."""
    for hook in _before_undo:
        hook(import_id)
