"""Lists of tax forms."""

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from commissions.tax.models import FormKind, TaxForm
from commissions.tax.pages import TONES, state_words
from prm.web.tables import Column, DayColumn, Table, badge, ident


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
