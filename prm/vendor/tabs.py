"""The tabs above the vendor's settings."""

from django.urls import reverse
from django.utils.translation import gettext as _

from prm.web.parts import Tab


def settings_tabs(current: str) -> list[Tab]:
    """Return the pages of settings; current: "settings", "look", "hours" or "keys"."""
    rows = [
        ("settings", _("Settings"), "tenant-settings"),
        ("look", _("Look"), "tenant-branding"),
        ("hours", _("Working hours"), "tenant-hours"),
        ("keys", _("API keys"), "api-key-list"),
    ]
    return [
        Tab(label=label, url=reverse(name), current=key == current) for key, label, name in rows
    ]
