"""Files that go with mails: found when a mail leaves, so that no queue carries them.

    @attaches("agreement.copy")
    def copy(mail: Mail) -> Attachment | None: ...

A slice declares them in its `fillers.py`. The function runs in the worker inside the mail's tenant and knows what the
mail is about by its key.
"""

from collections.abc import Callable
from dataclasses import dataclass

from prm.notices.models import Mail


@dataclass(frozen=True)
class Attachment:
    """A file as the recipient gets it."""

    name: str
    content: bytes
    media_type: str


Source = Callable[[Mail], Attachment | None]
_sources: dict[str, Source] = {}


def attaches(kind: str) -> Callable[[Source], Source]:
    """Declare what mails of a kind carry; None: this one carries nothing."""

    def register(source: Source) -> Source:
        if kind in _sources:
            raise ValueError(f"attachments of {kind} are declared twice")
        _sources[kind] = source
        return source

    return register


def source_of(kind: str) -> Source | None:
    """Return what finds the file of a kind's mails, None for most kinds."""
    return _sources.get(kind)
