"""Calculations of rewards in templates."""

from collections.abc import Mapping
from typing import Any

from django import template

from commissions.plans.rules import Trace
from commissions.plans.wording import explain

register = template.Library()


@register.filter
def explained(trace: Mapping[str, Any]) -> str:
    """Show a stored trace as a sentence of the reader's language: {{ facts.trace|explained }}."""
    return explain(Trace.from_json(trace))
