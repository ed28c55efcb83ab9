"""The way from the sign-in page to the programs that take applications."""

from django import template
from django.urls import NoReverseMatch, reverse

from partners.applications.selectors import has_public_programs
from prm.tenancy.scope import scope_is_open

register = template.Library()


@register.simple_tag
def join_path() -> str:
    """Return the path of the vendor's public programs, empty outside a vendor's space and where none is published."""
    try:
        path = reverse("partners:join-list")
    except NoReverseMatch:
        return ""
    return path if scope_is_open() and has_public_programs() else ""
