"""What the menu and the audit trail say of tax forms."""

from collections.abc import Sequence

from django.urls import reverse

from commissions.tax import merging  # noqa: F401  registers itself
from commissions.tax.models import FormKind, TaxRequirement, WithholdingRule
from commissions.tax.pages import rate_words
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.audit.subjects import Named, names
from prm.web.counts import Counted, MenuCount, counts_menu


@names("tax_requirement")
def requirement_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return requirements by id."""
    rows = TaxRequirement.objects.filter(id__in=[int(key) for key in ids])
    url = reverse("commissions:tax-requirements")
    return {str(row.id): Named(str(FormKind(row.form).label), url) for row in rows}


@names("withholding_rule")
def rule_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return rules of withholding by id."""
    rows = WithholdingRule.objects.filter(id__in=[int(key) for key in ids])
    url = reverse("commissions:withholding-rules")
    return {str(row.id): Named(rate_words(row.rate, row.share), url) for row in rows}


@counts_menu("commissions:tax-form-list")
def to_check(member: Member) -> MenuCount | None:
    """Count the forms and invoices that wait to be checked, for those who may."""
    if not member.may(Capability.SETTLE_PAYOUTS):
        return None
    return MenuCount(
        Counted(
            "select (select count(*) from commissions_tax_form f where f.state = 'received' and f.replaced_at is null)"
            " + (select count(*) from commissions_partner_invoice i where i.state = 'received')"
            " + (select count(*) from commissions_vat_status s"
            " where s.state = 'received' and s.kind = 'registered' and s.replaced_at is null)"
        )
    )
