"""Answers with papers about tax."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from commissions.tax.paper import Sheet, kept_sheet
from prm.accounts.members import MemberRequest


def asked_language(request: MemberRequest) -> str:
    """Return the language that a paper is asked for in. Raises Http404 for one that is not spoken."""
    language = request.GET.get("language") or get_language() or "en"
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return language


def sheet_response(
    request: MemberRequest, sheet: Sheet, *, back: str, ask: Callable[[], Any]
) -> HttpResponse:
    """Hand out a PDF; while it is not made yet, ask for it and say so on a page that looks again by itself."""
    path = kept_sheet(sheet)
    if path:
        return FileResponse(path.open("rb"), as_attachment=True, filename=f"{sheet.number}.pdf")  # type: ignore[return-value]
    ask()
    context = {"number": sheet.number, "back": back}
    waiting = render(request, "commissions/tax/paper_wait.html", context, status=202)
    waiting.headers["Refresh"] = "2"
    return waiting
