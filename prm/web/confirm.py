"""Asking once more before something ends, on a page of its own that needs no script."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@dataclass(frozen=True)
class Question:
    """What is about to happen. points: sentences; submit: verb and object; crumbs: (label, address) to this page.

    danger: the button is red; not for what only announces or gives.
    """

    heading: Any
    points: Sequence[Any]
    submit: Any
    back_url: str
    crumbs: Sequence[tuple[Any, str]] = field(default_factory=list)
    facts: Sequence[tuple[Any, Any]] = field(default_factory=list)
    danger: bool = True


def asked_first(request: HttpRequest, question: Question) -> HttpResponse | None:
    """Return the page that asks, or None once the person has pressed its button."""
    if request.method == "POST":
        return None
    return render(request, "confirm.html", {"question": question})
