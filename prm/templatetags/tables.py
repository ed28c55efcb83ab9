"""Lists in templates."""

from django import template
from django.utils.safestring import SafeString

from prm.web.tables import Table

register = template.Library()


@register.simple_tag
def table(table: Table) -> SafeString:
    """Write a prm.web.tables.Table: {% table referrals %}."""
    return table.html()
