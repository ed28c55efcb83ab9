"""Places that rooms above fill: what closes courses to a partner, and the names of applicants."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from partners.training.models import Course

# Returns the page that says what is missing, None where courses are open to the person of the request.
Lock = Callable[[HttpRequest, Course | None], HttpResponse | None]
Namer = Callable[[Sequence[UUID]], Mapping[UUID, str]]
_locks: list[Lock] = []
_namers: list[Namer] = []


def locks_courses(lock: Lock) -> Lock:
    """Register what may close courses to partner people; asked by every page of a course, also of its files."""
    if lock not in _locks:
        _locks.append(lock)
    return lock


def locked(request: HttpRequest, course: Course | None) -> HttpResponse | None:
    """Return the first refusal, None where nothing closes the course."""
    return next((page for lock in _locks if (page := lock(request, course))), None)


def names_applicants(namer: Namer) -> Namer:
    """Register what names applications for the lists of learners. Raises ValueError for a second namer."""
    if _namers and _namers != [namer]:
        raise ValueError("applicants are named already")
    _namers[:] = [namer]
    return namer


def applicant_names(ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Return the names of applications by id; empty when nothing names them."""
    return _namers[0](ids) if _namers and ids else {}
