"""Answers for pages that htmx may ask for in part."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event


def wants_part(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part; a history visit or a boosted link wants the whole page."""
    htmx = getattr(request, "htmx", None)
    return bool(htmx and not htmx.history_restore_request and not htmx.boosted)


def render_part(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    part: str = "results",
    status: int = 200,
    say: str = "",
) -> HttpResponse:
    """Render the screen, or only its named part when htmx asks; rendered here and now, inside the tenant's scope.

    part: name of a {% partialdef %} in the template. say: told to screen readers after a swap.
    """
    partly = wants_part(request)
    html = render_to_string(f"{template}#{part}" if partly else template, context, request)
    response = HttpResponse(html, status=status)
    patch_vary_headers(response, ["HX-Request"])
    if partly and say:
        trigger_client_event(response, "say", {"value": say}, after="settle")
    return response


def hx_redirect(request: HttpRequest, name: str, **kwargs: Any) -> HttpResponse:
    """Send the browser to a page after a change: 303 for a form, HX-Redirect for htmx."""
    return redirect_to(request, reverse(name, kwargs=kwargs or None))


def redirect_to(request: HttpRequest, path: str) -> HttpResponse:
    """Send the browser to a path of this portal."""
    response: HttpResponse
    if getattr(request, "htmx", None):
        response = HttpResponseClientRedirect(path)
    else:
        # 303, so that the next request is a GET for certain.
        response = HttpResponseRedirect(path)
        response.status_code = 303
    patch_vary_headers(response, ["HX-Request"])
    return response


def announce(response: HttpResponse, event: str, **detail: Any) -> HttpResponse:
    """Let lists on the page hear that something changed, by an HX-Trigger event such as "referral-changed"."""
    return trigger_client_event(response, event, detail)


STOP_POLLING = 286
