"""Values kept as JSON: strict both ways, nothing unknown is read, nothing default is written."""

from dataclasses import fields
from decimal import Decimal
from functools import lru_cache
from types import UnionType
from typing import Any, ClassVar, Self, Union, get_args, get_origin, get_type_hints


class UnknownTerms(ValueError):
    """Stored terms say something that this release does not know: nothing is priced by a guess."""


class Stored:
    """A frozen dataclass of plain values, decimals, tuples and others like it, with its way to JSON and back."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return what differs from the defaults, decimals as text."""
        found = {}
        for place in fields(self):
            value = getattr(self, place.name)
            if value != place.default:
                found[place.name] = _plain(value)
        return found

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Read the stored form. Raises UnknownTerms for a name or a value of another kind."""
        if not isinstance(stored, dict):
            raise UnknownTerms(f"{cls.__name__}: {stored!r}")
        if unknown := set(stored) - set(cls.__dataclass_fields__):
            raise UnknownTerms(f"{cls.__name__}: {', '.join(sorted(unknown))}")
        hints = _hints(cls)  # type: ignore[arg-type]
        try:
            return cls(**{name: _read(hints[name], value) for name, value in stored.items()})
        except TypeError as missing:
            raise UnknownTerms(f"{cls.__name__}: {missing}") from missing


@lru_cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, Stored):
        return value.as_json()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value


def _read(kind: Any, value: Any) -> Any:
    if get_origin(kind) in {Union, UnionType}:
        if value is None:
            return None
        (kind,) = (part for part in get_args(kind) if part is not type(None))
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise UnknownTerms(f"{value!r} is no list")
        return tuple(_read(get_args(kind)[0], part) for part in value)
    if isinstance(kind, type) and issubclass(kind, Stored):
        return kind.from_json(value)
    if kind is Decimal and isinstance(value, str):
        return Decimal(value)
    if type(value) is not kind:
        raise UnknownTerms(f"{value!r} is no {kind.__name__}")
    return value
