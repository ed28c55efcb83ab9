"""Notices about the audit trail."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import STAFF, kind


@kind("audit.head", label=_("The daily seal of the audit log"), audience=STAFF)
def audit_head(facts: dict[str, Any]) -> str:
    """Name the entry up to which the trail is sealed."""
    return gettext("Audit log sealed up to entry %(position)s") % {"position": facts["position"]}
