"""Steps of what is paid: holds end, taxes change, runs are frozen, banks answer."""

from datetime import timedelta
from decimal import Decimal

from django.db import connection

from commissions.accruals.queueing import book_waiting
from commissions.accruals.services import release_due
from commissions.holds.selectors import accruals_on_hold
from commissions.holds.services import approve_early_release, ask_early_releases
from commissions.ledger.selectors import balances_of
from commissions.payouts.details import newest_account
from commissions.payouts.faults import confirm_account
from commissions.payouts.models import Payout, PayoutRun, PayoutState
from commissions.payouts.services import (
    NothingToPay,
    RunDraft,
    approve_run,
    cancel_run,
    export_run,
    return_payout,
    settle_payout,
    submit_run,
)
from commissions.tax.withholding import add_rule
from commissions.vat.checking import confirm_status, refuse_status
from commissions.vat.gate import proposals_for
from commissions.vat.invoicing import (
    InvoiceDraft,
    approve_invoice,
    refuse_invoice,
    send_invoice,
)
from commissions.vat.services import (
    agree_self_billing,
    end_self_billing,
    say_status,
    set_rate,
)
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from tests.builders.uploads import PDF, brought
from tests.builders.vat import VAT_IE, VAT_IT
from tests.commissions.machine.budgets import head_and_use
from tests.commissions.machine.stage import Stage, pick
from tests.commissions.machine.story import BUDGETED, ZONE

NUMBERS = {"IT": VAT_IT, "IE": VAT_IE}
_PAID = """
select p.name, o.currency,
       coalesce(sum(l.amount_minor) filter (where t.kind not in ('vat', 'withholding')), 0)::bigint,
       coalesce(sum(l.amount_minor) filter (where t.kind = 'vat'), 0)::bigint,
       -coalesce(sum(l.amount_minor) filter (where t.kind = 'withholding'), 0)::bigint,
       exists (select from commissions_vat_charge c where c.payout_id = o.id and c.takes_back_id is null)
  from commissions_payout o
  join partners_partner p on p.id = o.partner_id
  join commissions_payout_line l on l.payout_id = o.id
  join commissions_transfer t on t.id = l.transfer_id
 where o.run_id = %s group by o.id, p.name, o.currency
"""


class Paying(Stage):
    """What happens between a vendor, its bank and the tax office."""

    def wait(self, days: int) -> None:
        """Let days pass; holds end, and what waits for a budget is looked at, as the clock does."""
        self.now += timedelta(days=days)

        def work() -> None:
            release_due(until=self.now, at=self.now)
            if self.story.flavour == BUDGETED:
                book_waiting(program_id=self.program.id, actor=SYSTEM, at=self.now)

        self.act(work)
        self._nobody_waits_beside_room()

    def _nobody_waits_beside_room(self) -> None:
        with tenant_scope(self.tenant.id):
            head = head_and_use(f"{self.now.astimezone(ZONE):%Y-%m}-01")
        if head is None:
            return
        event, minor, used = head
        room = self.story.room_for(event, self.now)
        if used <= 0 or used + minor <= room:
            self.wrong.append(f"{minor} wait while {used} of {room} are used")

    def release_early(self, which: int) -> None:
        """Let two people end a hold before its day."""

        def work() -> None:
            if found := list(
                accruals_on_hold(self.now).order_by("id").values_list("id", flat=True)
            ):
                asked = ask_early_releases(
                    accrual_ids=[pick(found, which)], reason="Good", actor=self.first, at=self.now
                )
                for request in asked:
                    approve_early_release(request_id=request.id, actor=self.second, at=self.now)

        self.act(work)

    # ------------------------------------------------------------ taxes

    def withhold(self, country: str, permille: int, share: int) -> None:
        """Keep tax back of a country's partners, or of all, from today on; a day has one rule for the same ones."""
        if not self.setting.taxed:
            return
        today = (self.now + timedelta(minutes=1)).astimezone(ZONE).date()
        rate, part = Decimal(permille) / 1000, Decimal(share) / 100
        self.act(
            lambda: add_rule(
                country=country,
                partner_type="",
                rate=rate,
                share=part,
                starts_on=today,
                actor=SYSTEM,
                at=self.now,
            )
        )
        self.story.taxes.withheld_from(country, today, rate * part)

    def change_vat(self, permille: int) -> None:
        """Change the rate of the vendor's country from today on."""
        if not self.setting.taxed:
            return
        today = (self.now + timedelta(minutes=1)).astimezone(ZONE).date()
        rate = Decimal(permille) / 1000
        self.act(
            lambda: set_rate(
                country="IT", rate=rate, from_on=today, source="Law", actor=SYSTEM, at=self.now
            )
        )
        self.story.taxes.rates.append((today, rate))

    def say_vat(self, which: int, kind: str, word: str, *, bills: bool) -> None:
        """Let a partner say what it is to the VAT office and who writes its bills, and finance check the number."""
        if not self.setting.taxed:
            return
        name = pick(self.story.live, which)
        partner_id, country = self.partners[name].id, self.story.taxes.countries[name]
        number = NUMBERS[country] if kind in {"registered", "small"} else ""

        def work() -> None:
            said = say_status(
                partner_id=partner_id, kind=kind, number=number, actor=Actor(None), at=self.now
            )
            if word == "confirm":
                confirm_status(status_id=said.id, actor=SYSTEM, at=self.now)
            elif word == "refuse":
                refuse_status(status_id=said.id, note="Whose?", actor=SYSTEM, at=self.now)
            if bills:
                agree_self_billing(
                    partner_id=partner_id, text="You write it.", actor=Actor(None), at=self.now
                )
            else:
                end_self_billing(partner_id=partner_id, actor=Actor(None), at=self.now)

        self.act(work)
        self.story.taxes.said(name, kind, word, bills=bills)

    def invoice(self, which: int, word: str) -> None:
        """Let a partner that has something to invoice send its invoice for it, and finance check it."""
        if not self.setting.taxed:
            return
        with tenant_scope(self.tenant.id):
            found = [
                (name, row)
                for name in self.story.live
                for row in proposals_for(self.partners[name].id, at=self.now)
            ]
        if not found:
            return
        name, wanted = pick(found, which)
        partner_id = self.partners[name].id

        def work() -> None:
            ready = balances_of(partner_id, wanted.currency).payable
            today = self.now.astimezone(ZONE).date()
            said = self.story.taxes.invoiced(name, wanted.currency, ready, today, word)
            draft = InvoiceDraft(
                wanted.currency, f"{self.now:%j%H%M}", today, said.net, said.vat, wanted.upto_id
            )
            row = send_invoice(
                partner_id=partner_id,
                draft=draft,
                file=brought(PDF, "invoice.pdf"),
                actor=Actor(None),
                at=self.now,
            )
            if word == "confirm":
                approve_invoice(invoice_id=row.id, actor=self.first, at=self.now)
            elif word == "refuse":
                refuse_invoice(invoice_id=row.id, note="Whose?", actor=self.first, at=self.now)

        self.act(work)

    # ------------------------------------------------------------ runs and banks

    def run_payouts(self, *, approve: bool = True) -> None:
        """Prepare a run; another person approves it and sends it to the bank, or sends it back."""

        def work() -> None:
            try:
                run = submit_run(
                    draft=RunDraft(pay_on=self.now.date()), actor=self.first, at=self.now
                )
            except NothingToPay:
                return
            self._hold_taxes_against_the_rules(run, is_paid=approve)
            if approve:
                approve_run(run_id=run.id, digest=run.digest, actor=self.second, at=self.now)
                export_run(run_id=run.id, actor=self.second, at=self.now)
            else:
                cancel_run(run_id=run.id, reason="No", actor=self.second, at=self.now)

        self.act(work)

    def _hold_taxes_against_the_rules(self, run: PayoutRun, *, is_paid: bool) -> None:
        """Compare what a frozen run adds and keeps back of each payment with what the rules alone say."""
        taxes, today = self.story.taxes, self.now.astimezone(ZONE).date()
        with connection.cursor() as cursor:
            cursor.execute(_PAID, [run.id])
            rows = cursor.fetchall()
        for name, currency, net, *found in rows:
            if name in self.story.blamed:
                self.wrong.append(f"{name} is paid to an account that is closed")
            expected = taxes.due(name, currency, net, today)
            if expected != tuple(found):
                self.wrong.append(f"{name}: {found} of {net} {currency}, not {expected}")
            if is_paid:
                vat, withheld, has_paper = found
                taxes.paid(name, currency, net, (vat, withheld, has_paper))
                self.story.moved[name, currency] += vat - withheld

    def hear_from_the_bank(
        self, which: int, *, comes_back: bool = False, why: str = "Closed"
    ) -> None:
        """Hear that a payment arrived, or came back, at once or after it arrived; AC04 blames its account."""
        states = {PayoutState.EXPORTED} | ({PayoutState.SETTLED} if comes_back else set())
        with tenant_scope(self.tenant.id):
            open_ones = Payout.objects.select_related("partner").filter(state__in=states)
            found = list(open_ones.order_by("id"))
        if not found:
            return
        payout = pick(found, which)
        name, currency = payout.partner.name, payout.currency
        if comes_back:
            self.act(
                lambda: return_payout(
                    payout_id=payout.id, reason=why, actor=self.first, at=self.now
                )
            )
            owed_to = self.story.stands_for(name)
            self.story.taxes.came_back[owed_to, currency] += payout.amount_minor
            if why == "AC04":
                self.story.blamed.add(name)
            if payout.state == PayoutState.SETTLED:
                self.story.moved[name, currency] += payout.amount_minor
        else:
            self.act(lambda: settle_payout(payout_id=payout.id, actor=self.first, at=self.now))
            self.story.moved[name, currency] -= payout.amount_minor

    def confirm_account(self, which: int) -> None:
        """Let finance say that the account of a partner is right, whatever the bank said."""
        name = pick(self.story.live, which)
        partner_id = self.partners[name].id

        def work() -> None:
            account = newest_account(partner_id)
            assert account
            confirm_account(
                partner_id=partner_id,
                account_id=account.id,
                reason="Called them",
                actor=self.first,
                at=self.now,
            )

        self.act(work)
        self.story.blamed.discard(name)
