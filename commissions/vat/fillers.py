"""What the audit trail says of VAT."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext

from commissions.vat import merging  # noqa: F401  registers itself
from commissions.vat.models import VatRate
from commissions.vat.wording import rate_words
from prm.audit.subjects import Named, names


@names("vat_settings")
def settings_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return the one page of settings."""
    return dict.fromkeys(ids, Named(gettext("VAT"), reverse("commissions:vat-settings")))


@names("vat_rate")
def vat_rate_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return rates by id."""
    url = reverse("commissions:vat-settings")
    rows = VatRate.objects.filter(id__in=[int(key) for key in ids])
    return {str(row.id): Named(rate_words(row), url) for row in rows}
