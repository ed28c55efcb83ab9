"""Notices about courses."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, kind


@kind("certificate.issued", label=_("You get a certificate"), audience=PARTNER)
def certificate_issued(facts: dict[str, Any]) -> str:
    """Name the course."""
    return gettext("Your certificate: %(course)s") % facts


@kind("certificate.revoked", label=_("A certificate of yours is revoked"), audience=PARTNER)
def certificate_revoked(facts: dict[str, Any]) -> str:
    """Name the certificate and the reason."""
    return gettext("Certificate %(number)s was revoked: %(reason)s") % facts
