"""Lists of payouts and runs."""

from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.payouts.models import PayoutState, RunState
from commissions.payouts.returns import PaidAgain
from commissions.payouts.selectors import CurrencyTotal, FreshDetails
from commissions.payouts.wording import again_words, fresh_words, method_words, returned_words
from prm.web.formats import money_text, percent_text
from prm.web.tables import (
    BadgeColumn,
    Column,
    DayColumn,
    MoneyColumn,
    Table,
    badge,
    ident,
    two_lines,
)

RUN_TONES: dict[str, str] = {
    RunState.PREPARED: "warn",
    RunState.APPROVED: "info",
    RunState.EXPORTED: "info",
    RunState.SETTLED: "ok",
    RunState.CANCELLED: "",
}
PAYOUT_TONES: dict[str, str] = {
    PayoutState.PREPARED: "warn",
    PayoutState.APPROVED: "info",
    PayoutState.EXPORTED: "info",
    PayoutState.SETTLED: "ok",
    PayoutState.RETURNED: "bad",
    PayoutState.CANCELLED: "",
}


def totals_text(totals: list[CurrencyTotal]) -> str:
    """Return the totals of a run side by side, never added."""
    return " · ".join(
        money_text(total.amount_minor, total.currency, sign="code") for total in totals
    )


class RunTable(Table):
    """Payout runs, newest first."""

    caption = _("Payout runs, newest first")
    number = Column(_("Run"), row_header=True)
    pay_on = DayColumn(_("Pay on"), priority=2)
    prepared_by = Column(_("Prepared by"), priority=3)
    payments = Column(_("Payments"), end=True, priority=3, empty_values=())
    totals = Column(_("Totals"), end=True, priority=2, empty_values=())
    state = BadgeColumn(_("State"), tones=RUN_TONES, labels=dict(RunState.choices))

    def __init__(
        self,
        rows: Any,
        *,
        totals: dict[Any, list[CurrencyTotal]],
        returned: dict[Any, list[CurrencyTotal]],
        **options: Any,
    ) -> None:
        self.by_run, self.returned = totals, returned
        super().__init__(rows, **options)

    def render_number(self, record: Any) -> SafeString:
        url = reverse("commissions:run-detail", kwargs={"run_id": record.id})
        return ident(
            record.number, url, narrow=totals_text(self.by_run.get(record.id, [])), mark=False
        )

    def render_prepared_by(self, record: Any) -> str:
        return record.prepared_by.get_full_name() if record.prepared_by else ""

    def render_payments(self, record: Any) -> str:
        return str(sum(total.payout_count for total in self.by_run.get(record.id, [])))

    def render_state(self, record: Any) -> SafeString:
        """Say beside the state when some of it came back: settled is not the same as paid."""
        label, tone = record.get_state_display(), RUN_TONES[record.state]
        return two_lines(badge(label, tone), returned_words(self.returned.get(record.id, [])))

    def render_totals(self, record: Any) -> str:
        return totals_text(self.by_run.get(record.id, []))


class PayoutTable(Table):
    """The payments of one run."""

    caption = _("Payouts in this run, largest first")
    partner = Column(_("Partner"), row_header=True)
    account = Column(_("Pay to"), priority=3, css="muted")
    line_count = Column(_("Lines"), end=True, priority=2)
    before = Column(_("Last run"), end=True, priority=3, css="muted", empty_values=())
    change = Column(_("Change"), end=True, priority=2, css="muted", empty_values=())
    amount_minor = MoneyColumn(_("Amount"), css="strong")
    state = BadgeColumn(
        _("State"), tones=PAYOUT_TONES, labels=dict(PayoutState.choices), priority=2
    )

    def __init__(
        self,
        rows: Any,
        *,
        previous: dict[Any, int],
        again: dict[Any, PaidAgain],
        fresh: dict[Any, FreshDetails],
        **options: Any,
    ) -> None:
        self.previous, self.again, self.fresh = previous, again, fresh
        super().__init__(rows, **options)

    def _pick_cell(self, record: Any) -> str:
        """Offer only what the bank has not answered yet."""
        return super()._pick_cell(record) if record.state == PayoutState.EXPORTED else "<td></td>"

    def pick_label(self, record: Any) -> str:
        return gettext("Select %(name)s") % {"name": record.partner.name}

    def render_partner(self, record: Any) -> SafeString:
        url = reverse("commissions:payout-detail", kwargs={"payout_id": record.id})
        return ident(
            record.partner.name,
            url,
            sub=record.number,
            hue=record.partner_id,
            narrow=str(record.get_state_display()),
        )

    def render_state(self, record: Any) -> SafeString:
        """Say under a payment that came back what became of the money."""
        words = (
            again_words(self.again.get(record.id)) if record.state == PayoutState.RETURNED else ""
        )
        return two_lines(badge(record.get_state_display(), PAYOUT_TONES[record.state]), words)

    def render_account(self, record: Any) -> SafeString:
        """Say under an account that nothing was paid to yet, or that is days old, who entered it."""
        words = method_words(record.account.method)
        fresh = self.fresh.get(record.id)
        return two_lines(
            f"{words}, {record.account.masked}", fresh_words(fresh, short=True) if fresh else ""
        )

    def render_before(self, record: Any) -> str:
        before = self.previous.get(record.id)
        return "–" if before is None else money_text(before, record.currency)

    def render_change(self, record: Any) -> str:
        before = self.previous.get(record.id)
        if not before:
            return gettext("First in %(currency)s") % {"currency": record.currency}
        share = (record.amount_minor - before) / before
        return ("+" if share > 0 else "") + percent_text(share)
