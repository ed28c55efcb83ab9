"""The views of finance's pages about tax."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext

from commissions.ledger.selectors import tenant_zone
from prm.web.parts import Tab


def tax_tabs(current: str) -> list[Tab]:
    """Return the views with the current one marked: forms, missing, numbers, invoices, notes or years."""
    year = timezone.now().astimezone(tenant_zone()).year
    views = [
        ("forms", gettext("Forms"), reverse("commissions:tax-form-list")),
        ("missing", pgettext("tax forms", "Missing"), reverse("commissions:tax-missing")),
        ("numbers", gettext("VAT numbers"), reverse("commissions:vat-number-list")),
        ("invoices", gettext("Invoices"), reverse("commissions:invoice-list")),
        ("notes", gettext("Self-billing notes"), reverse("commissions:self-bill-list")),
        ("years", gettext("Year totals"), reverse("commissions:tax-year", kwargs={"year": year})),
    ]
    return [Tab(label, url, current=name == current) for name, label, url in views]
