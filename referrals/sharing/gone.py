"""What visitors read where a link or a page is no more, or never was: the vendor's own page, with a way on."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from partners.applications.selectors import public_programs
from partners.programs.models import Program


@dataclass(frozen=True)
class Gone:
    """Which page it was: status 410 for what was there once, 404 for what nobody ever made."""

    heading: str
    text: str
    status: int


def link_ended() -> Gone:
    """Return the words for a link that its partner ended."""
    return Gone(_("This link has ended"), _("Whoever gave it to you has ended it."), 410)


def link_unknown() -> Gone:
    """Return the words for an address that no link ever had."""
    words = _("Look at the address again: a letter may be missing or one too many.")
    return Gone(_("There is no such link"), words, 404)


def page_taken_down() -> Gone:
    """Return the words for a page that is not public any more."""
    words = _("The partner who recommended us here has taken the page down.")
    return Gone(_("This page is no longer here"), words, 410)


def page_unknown() -> Gone:
    """Return the words for an address that no page ever had."""
    words = _("Look at the address again: a letter may be missing or one too many.")
    return Gone(_("There is no such page"), words, 404)


def gone(request: HttpRequest, what: Gone, program: Program | None = None) -> HttpResponse:
    """Answer with the words, and lead to the program: its form for a call, and its public page where it has one.

    program: what the address belonged to; without one, or when it is closed, the vendor's only open one.
    """
    context: dict[str, Any] = {"gone": what, "program": _open(program)}
    published = {row.program.id for row in public_programs()}
    context["is_published"] = context["program"] and context["program"].id in published
    context["any_published"] = bool(published)
    response = render(request, "referrals/sharing/public_ended.html", context, status=what.status)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _open(program: Program | None) -> Program | None:
    if program is not None and program.closed_at is None:
        return program
    open_ones = list(Program.objects.filter(closed_at=None).order_by("name", "id")[:2])
    return open_ones[0] if len(open_ones) == 1 else None
