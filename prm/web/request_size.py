"""How many bytes a request may bring, refused before its files are taken in.

Django writes every uploaded file to disk while it reads the form, before any view or form can look at the size.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# The largest file that most pages take is 20 MB; a form may bring two and its words.
MOST_BYTES = 26_000_000
Handler = Callable[[HttpRequest], HttpResponse]
View = TypeVar("View", bound=Callable[..., HttpResponse])


def takes(most: int) -> Callable[[View], View]:
    """Let one view be sent more than the others; most: bytes of the whole request."""

    def mark(view: View) -> View:
        view.takes_bytes = most  # type: ignore[attr-defined]
        return view

    return mark


class RequestSizeMiddleware:
    """Answer 413 to what is larger than its page takes. Stands before what reads the form: the CSRF check."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any
    ) -> HttpResponse | None:
        """Look at the announced length; without one Django reads nothing."""
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if announced.isdecimal() and int(announced[:19]) <= getattr(
            view, "takes_bytes", MOST_BYTES
        ):
            return None
        return render(request, "413.html", status=413)
