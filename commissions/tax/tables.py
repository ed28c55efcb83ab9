"""Lists of tax forms."""

from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from commissions.tax.lacking import Lacking
from commissions.tax.models import FormKind, TaxForm, YearCertificate
from commissions.tax.pages import TONES, state_words
from commissions.tax.years import YearTotal
from prm.web.tables import Column, DayColumn, MoneyColumn, Table, badge, ident


class TaxFormTable(Table):
    """What partners sent."""

    caption = _("Tax forms that partners sent")
    partner = Column(_("Partner"), row_header=True)
    form = Column(_("Form"), priority=2)
    sent_at = DayColumn(_("Sent"), priority=3, form="short", sort="sent")
    state = Column(_("State"))

    def render_partner(self, record: TaxForm) -> SafeString:
        label = FormKind(record.form).label
        url = reverse("commissions:tax-form", kwargs={"form_id": record.id})
        return ident(
            record.partner.name, url, sub=record.masked, narrow=label, hue=record.partner_id
        )

    def render_form(self, record: TaxForm) -> str:
        return str(FormKind(record.form).label)

    def render_state(self, record: TaxForm) -> SafeString:
        return badge(state_words(record.state), TONES[record.state])


class LackingTable(Table):
    """Forms that partners owe and that do not count, or end soon."""

    caption = _("Tax forms that are missing or end soon")
    name = Column(_("Partner"), row_header=True)
    form = Column(_("Form"), priority=2)
    valid_until = DayColumn(_("Ends"), priority=3, form="medium")
    state = Column(_("State"))

    def render_name(self, record: Lacking) -> SafeString:
        country = str(countries.name(record.country) or "")
        url = reverse("partners:partner-detail", kwargs={"partner_id": record.partner_id})
        return ident(record.name, url, sub=country, narrow=record.label, hue=record.partner_id)

    def render_form(self, record: Lacking) -> str:
        return record.label

    def render_state(self, record: Lacking) -> SafeString:
        return badge(state_words(record.state), TONES[record.state])


class YearTable(Table):
    """What partners were paid in a year."""

    caption = _("Paid in the year, the largest sums first")
    name = Column(_("Partner"), row_header=True)
    gross_minor = MoneyColumn(_("Before tax"))
    withheld_minor = MoneyColumn(_("Tax withheld"), priority=2)
    vat_minor = MoneyColumn(_("VAT"), priority=3)
    paid_minor = MoneyColumn(_("Paid"), priority=2)
    threshold_minor = MoneyColumn(_("Reported from"), priority=3)
    is_reported = Column(_("Report"), empty_values=())
    certificate = Column(_("Certificate"), priority=3, empty_values=())

    def __init__(
        self, *args: object, certificates: dict[UUID, YearCertificate], **options: object
    ) -> None:
        self.certificates = certificates
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def render_certificate(self, record: YearTotal) -> SafeString | str:
        row = self.certificates.get(record.partner_id)
        if row is None:
            return ""
        url = reverse("commissions:year-certificate", kwargs={"certificate_id": row.id})
        return ident(row.number, url, mark=False)

    def render_name(self, record: YearTotal) -> SafeString:
        country = str(countries.name(record.country) or "")
        url = reverse("partners:partner-detail", kwargs={"partner_id": record.partner_id})
        return ident(record.name, url, sub=country, hue=record.partner_id)

    def render_is_reported(self, record: YearTotal) -> SafeString:
        if record.is_reported:
            return badge(gettext("To be reported"), "warn")
        return SafeString("")
