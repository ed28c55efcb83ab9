"""What the things are called that events speak of: packages name their own.

    @names("partner")
    def partner_names(ids: Sequence[str]) -> dict[str, Named]:
        return {str(row.id): Named(row.name, reverse(...)) for row in Partner.objects.filter(id__in=ids)}

A namer lives in <slice>/fillers.py and is called inside the tenant's scope, once a page.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Named:
    """A thing's name and its page; the page may be empty."""

    label: str
    url: str = ""


Namer = Callable[[Sequence[str]], dict[str, Named]]
_namers: dict[str, Namer] = {}
_fits: dict[str, Callable[[str], bool]] = {}


def names(noun: str, *, numbered: bool = False) -> Callable[[Namer], Namer]:
    """Register what names the things of a noun, the part of a subject before the colon.

    numbered: the noun's ids are whole numbers, else UUIDs; a subject with another id has no name.
    """

    def register(namer: Namer) -> Namer:
        if _namers.get(noun, namer) is not namer:
            raise ValueError(f"{noun} is named already")
        _namers[noun] = namer
        _fits[noun] = _is_number if numbered else _is_uuid
        return namer

    return register


def named_subjects(subjects: Iterable[str]) -> dict[str, Named]:
    """Return the names of subjects ("partner:0190…"), one query a noun; what has no namer or is gone is left out."""
    ids: dict[str, set[str]] = defaultdict(set)
    for subject in subjects:
        noun, _, key = subject.partition(":")
        if noun in _namers and _fits[noun](key):
            ids[noun].add(key)
    found: dict[str, Named] = {}
    for noun, keys in ids.items():
        for key, named in _namers[noun](sorted(keys)).items():
            found[f"{noun}:{key}"] = named
    return found


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
