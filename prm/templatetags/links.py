"""Addresses in templates."""

from typing import Any

from django import template
from django.http import QueryDict
from django.template.context import RequestContext

register = template.Library()


@register.simple_tag(takes_context=True)
def query_with(context: RequestContext, **changes: Any) -> str:
    """Return this page's query string with changes: {% query_with stage="won" %}; None or "" takes a name out.

    The place in a list (after, before) never survives a change.
    """
    return changed_query(context["request"].GET, **changes)


def changed_query(params: QueryDict, **changes: Any) -> str:
    """Return the query string with changes, "?" when nothing is left."""
    query = params.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return "?" + query.urlencode()


@register.filter
def without_scheme(address: str) -> str:
    """Return a web address as people say it: velden.example/with/brightwater."""
    return address.removeprefix("https://").removeprefix("http://").rstrip("/")
