"""Words of agreements in templates and mails."""

from collections.abc import Mapping

from django import template
from django.utils.translation import get_language

from partners.programs.texts import said

register = template.Library()


@register.filter
def in_words(texts: Mapping[str, str] | None) -> str:
    """Show a text that is kept per language in the active one, else in another with a mark: {{ changes|in_words }}."""
    return said(texts, get_language() or "en") if texts else ""
