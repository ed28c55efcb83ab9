"""The place that the room of applications fills: what applicants are called in the lists of learners."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

Namer = Callable[[Sequence[UUID]], Mapping[UUID, str]]
_namers: list[Namer] = []


def names_applicants(namer: Namer) -> Namer:
    """Register what names applications for the lists of learners. Raises ValueError for a second namer."""
    if _namers and _namers != [namer]:
        raise ValueError("applicants are named already")
    _namers[:] = [namer]
    return namer


def applicant_names(ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Return the names of applications by id; empty when nothing names them."""
    return _namers[0](ids) if _namers and ids else {}
