"""Reads about payout runs: what would be paid, what was frozen, what changed since."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL

from commissions.adjustments.deducting import level_deductions
from commissions.ledger.models import Account, AccountKind
from commissions.payouts.freezing import Candidate, stage_candidates
from commissions.payouts.models import (
    ExclusionReason,
    Payout,
    PayoutExclusion,
    PayoutLine,
    PayoutMethod,
    PayoutRun,
    PayoutState,
    RunApproval,
    RunState,
)
from commissions.payouts.rules import ACH_CURRENCY, COOLING, SEPA_CURRENCY
from commissions.tax.dues import Payment
from commissions.vat.charging import tax_payments
from prm.accounts.members import Member
from prm.money import Money
from prm.tenancy.scope import current_scope

# Reasons that a person can do something about; the others are carried to the next run by themselves.
TO_DECIDE = (
    ExclusionReason.NO_DETAILS,
    ExclusionReason.RETURNED,
    ExclusionReason.OTHER_METHOD,
    ExclusionReason.TAX_FORM,
    ExclusionReason.VAT,
    ExclusionReason.INVOICE,
    ExclusionReason.COOLING,
    ExclusionReason.NEGATIVE,
    ExclusionReason.NOT_ACTIVE,
)


@dataclass(frozen=True)
class CurrencyTotal:
    """What goes out in one currency; never added to another."""

    currency: str
    amount_minor: int
    payout_count: int

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount_minor, self.currency)


@dataclass(frozen=True)
class RunPreview:
    """What a run would be at this moment; candidates largest first, digest binds them to a later submission."""

    candidates: list[Candidate]
    digest: str

    @property
    def paid(self) -> list[Candidate]:
        """Who would be paid."""
        return [row for row in self.candidates if row.is_paid]

    @property
    def left_out(self) -> list[Candidate]:
        """Who would not, and why."""
        return [row for row in self.candidates if not row.is_paid]

    @property
    def totals(self) -> list[CurrencyTotal]:
        """What would go out, by currency."""
        sums: dict[str, list[int]] = defaultdict(list)
        for row in self.paid:
            sums[row.currency].append(row.amount_minor)
        return [
            CurrencyTotal(currency, sum(amounts), len(amounts))
            for currency, amounts in sorted(sums.items())
        ]

    @property
    def shared_accounts(self) -> dict[str, list[str]]:
        """Names of different partners that are paid to one account, by the digest of its number."""
        names: dict[str, set[str]] = defaultdict(set)
        for row in self.paid:
            names[str(row.number_digest)].add(row.name)
        return {digest: sorted(found) for digest, found in names.items() if len(found) > 1}


def preview_digest(candidates: Iterable[Candidate]) -> str:
    """Return the SHA-256 of who would get how much, where, and who is left out why."""
    rows = sorted(
        f"{row.partner_id}|{row.currency}|{row.amount_minor}|{row.account_id}|{row.reason}"
        for row in candidates
    )
    return sha256("\n".join(rows).encode()).hexdigest()


@transaction.atomic
def preview_run(*, at: datetime, left_out: Sequence[UUID] = (), lock: bool = False) -> RunPreview:
    """Return whom a run would pay at this moment and whom not; writes nothing that stays.

    left_out: partners finance leaves out by hand. lock: hold their balances until the transaction ends.
    """
    moved = bool(level_deductions(at=at))
    candidates = stage_candidates(left_out=left_out, at=at, lock=lock)
    paid = [
        Payment(row.partner_id, row.currency, row.amount_minor, row.upto_id)
        for row in candidates
        if row.is_paid
    ]
    if tax_payments(payments=paid, at=at):
        moved = True
        judged = [(row.partner_id, row.currency) for row in paid]
        candidates = stage_candidates(left_out=left_out, at=at, lock=lock, judged=judged)
    if moved and not lock:
        # Only a run that is frozen moves deductions and tax; its preview shows what it will do.
        transaction.set_rollback(True)
    return RunPreview(candidates, preview_digest(candidates))


def waiting_run() -> PayoutRun | None:
    """Return the run that waits for its second person; there is at most one."""
    return PayoutRun.objects.filter(state=RunState.PREPARED).select_related("prepared_by").first()


def approvals_of(run_id: UUID) -> list[RunApproval]:
    """Return who agreed to a run, first first."""
    return list(RunApproval.objects.filter(run_id=run_id).select_related("user").order_by("id"))


def run_totals(
    run_id: UUID, *, state: PayoutState | None = None, among: Sequence[UUID] | None = None
) -> list[CurrencyTotal]:
    """Return a run's payments by currency; only those in one state, and only some, when they are given."""
    payouts = Payout.objects.filter(run_id=run_id)
    if among is not None:
        payouts = payouts.filter(id__in=list(among))
    rows = (
        (payouts.filter(state=state) if state else payouts)
        .values("currency")
        .annotate(total=Sum("amount_minor"), count=Count("id"))
        .order_by("currency")
    )
    return [CurrencyTotal(row["currency"], row["total"], row["count"]) for row in rows]


def totals_of_runs(run_ids: Sequence[UUID]) -> dict[UUID, list[CurrencyTotal]]:
    """Return the totals of several runs by run, for a list of runs."""
    rows = (
        Payout.objects.filter(run_id__in=list(run_ids))
        .values("run_id", "currency")
        .annotate(total=Sum("amount_minor"), count=Count("id"))
        .order_by("run_id", "currency")
    )
    found: dict[UUID, list[CurrencyTotal]] = defaultdict(list)
    for row in rows:
        found[row["run_id"]].append(CurrencyTotal(row["currency"], row["total"], row["count"]))
    return found


@dataclass(frozen=True)
class LedgerCheck:
    """Payments against the lines they claim: both in minor units of one currency, and how many lines."""

    currency: str
    paid_minor: int
    lines_minor: int
    line_count: int

    @property
    def difference(self) -> Money:
        """What the two differ by; nothing when all is well."""
        return Money(self.paid_minor - self.lines_minor, self.currency)


def ledger_check(run_id: UUID) -> list[LedgerCheck]:
    """Compare a run's payments with the transfers they claim, by currency."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select p.currency, sum(p.amount_minor)::bigint, sum(l.total)::bigint, sum(l.count)::bigint
              from commissions_payout p
              join lateral (
                   select coalesce(sum(
                            case when t.credit_account_id = a.id then t.amount_minor else -t.amount_minor end
                          ), 0) as total,
                          count(*) as count
                     from commissions_payout_line x
                     join commissions_transfer t on t.tenant_id = x.tenant_id and t.id = x.transfer_id
                     join commissions_account a on a.tenant_id = p.tenant_id and a.kind = 'payable'
                                               and a.partner_id = p.partner_id and a.currency = p.currency
                    where x.tenant_id = p.tenant_id and x.payout_id = p.id) l on true
             where p.tenant_id = %s and p.run_id = %s group by p.currency order by p.currency
            """,
            [current_scope().tenant_id, run_id],
        )
        return [LedgerCheck(*row) for row in cursor.fetchall()]


def payouts_of(run_id: UUID) -> QuerySet[Payout]:
    """Return a run's payments with partner and account, in no order yet."""
    return Payout.objects.filter(run_id=run_id).select_related("partner", "account")


def previous_amounts(payouts: Sequence[Payout]) -> dict[UUID, int]:
    """Return for each payment what its partner was paid in that currency in the run before, in minor units."""
    keys = [(row.partner_id, row.currency, row.id) for row in payouts]
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select k.id, b.amount_minor
              from unnest(%s::uuid[], %s::text[], %s::uuid[]) as k(partner_id, currency, id)
              join lateral (
                   select x.amount_minor from commissions_payout x
                    where x.tenant_id = %s and x.partner_id = k.partner_id and x.currency = k.currency
                      and x.id < k.id and x.state in ('approved', 'exported', 'settled')
                    order by x.id desc limit 1) b on true
            """,
            [
                [key[0] for key in keys],
                [key[1] for key in keys],
                [key[2] for key in keys],
                current_scope().tenant_id,
            ],
        )
        return dict(cursor.fetchall())


def exclusions_of(run_id: UUID) -> list[PayoutExclusion]:
    """Return who was left out of a run, those somebody must decide on first, largest first."""
    rows = list(
        PayoutExclusion.objects.filter(run_id=run_id)
        .select_related("partner")
        .order_by("-amount_minor", "id")
    )
    return sorted(rows, key=lambda row: row.reason not in TO_DECIDE)


def payout_states(run_id: UUID) -> Counter[str]:
    """Return how many payments are in each state."""
    rows = Payout.objects.filter(run_id=run_id).values_list("state").annotate(Count("id"))
    return Counter(dict(rows))


@dataclass(frozen=True)
class ChangeSince:
    """What happened to a frozen payment's partner since; "balance" is carried forward, all else stops the approval.

    kind: "details", "returned" (another payment came back from the same account), "state" or "balance".
    """

    kind: str
    partner_name: str
    payout_number: str
    before: Any
    after: Any


def changes_since(run: PayoutRun) -> list[ChangeSince]:
    """Return what changed since the list was frozen: other details, what came back, paused partners, lower balances."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select p.number, r.name, r.state, p.amount_minor, p.currency, o.masked,
                   n.id is distinct from p.account_id, n.masked, w.number,
                   b.credits_minor - b.debits_minor
              from commissions_payout p
              join partners_partner r on r.tenant_id = p.tenant_id and r.id = p.partner_id
              join commissions_payout_account o on o.tenant_id = p.tenant_id and o.id = p.account_id
              left join lateral (
                   select x.id, x.masked from commissions_payout_account x
                    where x.tenant_id = p.tenant_id and x.partner_id = p.partner_id
                    order by x.id desc limit 1) n on true
              left join lateral (
                   select y.number from commissions_account_fault f
                     join commissions_payout y on y.tenant_id = f.tenant_id and y.id = f.payout_id
                    where f.tenant_id = p.tenant_id and f.account_id = p.account_id and f.cleared_at is null
                    order by f.id desc limit 1) w on true
              join commissions_account a on a.tenant_id = p.tenant_id and a.kind = 'payable'
                                        and a.partner_id = p.partner_id and a.currency = p.currency
              join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
             where p.tenant_id = %s and p.run_id = %s
               and (n.id is distinct from p.account_id or r.state = 'paused' or w.number is not null
                    or b.credits_minor - b.debits_minor < p.amount_minor)
             order by p.number
            """,
            [current_scope().tenant_id, run.id],
        )
        rows = cursor.fetchall()
    found = []
    for number, name, state, amount, currency, before, moved, after, back, balance in rows:
        if moved:
            found.append(ChangeSince("details", name, number, before, after))
        elif back:
            found.append(ChangeSince("returned", name, number, before, back))
        if state == "paused":
            found.append(ChangeSince("state", name, number, "active", state))
        if balance < amount:
            found.append(
                ChangeSince(
                    "balance", name, number, Money(amount, currency), Money(balance, currency)
                )
            )
    return found


@dataclass(frozen=True)
class FreshDetails:
    """A payment to an account that its partner was never paid on, or that was changed in the last days."""

    payout_id: UUID
    partner_name: str
    masked: str
    changed_at: datetime
    # Empty when the system entered them.
    changed_by: str
    # They replaced other details; False for the partner's first.
    replaced: bool
    # Who prepared the run entered them.
    by_preparer: bool


def fresh_details(
    run: PayoutRun, *, limit: int, among: Sequence[UUID] | None = None
) -> tuple[list[FreshDetails], int]:
    """Return the run's payments to fresh bank details and how many there are, the preparer's own first, then by size.

    Fresh: no payment to these details was ever settled, or they are younger at the run's cutoff than the days for
    which changed details are held (rules.COOLING). At most `limit` come back, each with its partner and who entered it;
    `among` asks about these payments only.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select p.id, r.name, d.masked, d.changed_at, coalesce(nullif(u.name, ''), u.email, ''),
                   exists (select 1 from commissions_payout_account o
                            where o.tenant_id = d.tenant_id and o.partner_id = d.partner_id and o.id < d.id),
                   coalesce(d.changed_by_id = %(preparer)s, false), count(*) over ()
              from commissions_payout p
              join partners_partner r on r.tenant_id = p.tenant_id and r.id = p.partner_id
              join commissions_payout_account d on d.tenant_id = p.tenant_id and d.id = p.account_id
              left join prm_user u on u.id = d.changed_by_id
             where p.tenant_id = %(tenant)s and p.run_id = %(run)s
               and (%(among)s::uuid[] is null or p.id = any(%(among)s::uuid[]))
               and (d.changed_at > %(young)s
                    or not exists (select 1 from commissions_payout s
                                    where s.tenant_id = p.tenant_id and s.partner_id = p.partner_id
                                      and s.account_id = p.account_id and s.state = 'settled' and s.id <> p.id))
             order by 7 desc, p.amount_minor desc, p.id limit %(limit)s
            """,
            {
                "preparer": run.prepared_by_id,
                "tenant": current_scope().tenant_id,
                "run": run.id,
                "young": run.cutoff_at - COOLING,
                "limit": limit,
                "among": None if among is None else list(among),
            },
        )
        rows = cursor.fetchall()
    return [FreshDetails(*row[:7]) for row in rows], rows[0][7] if rows else 0


def sepa_payouts(run_id: UUID) -> QuerySet[Payout]:
    """Return the payments that go into the SEPA file: euros to accounts that SEPA reaches."""
    return (
        payouts_of(run_id)
        .filter(currency=SEPA_CURRENCY, account__method=PayoutMethod.SEPA)
        .order_by("number")
    )


def payouts_by_method(run_id: UUID, methods: Sequence[str]) -> QuerySet[Payout]:
    """Return a run's payments that go one of these ways, by number; no methods: all of them."""
    rows = payouts_of(run_id).order_by("number")
    return rows.filter(account__method__in=list(methods)) if methods else rows


def needs_ach_head(run_id: UUID) -> bool:
    """Tell whether a run has payments to US accounts, which need the vendor's own numbers at its bank."""
    ach = payouts_by_method(run_id, [PayoutMethod.ACH])
    return ach.filter(currency=ACH_CURRENCY).exists()


def paid_currencies(main: str, also: Iterable[str] = ()) -> list[str]:
    """Return the currencies that partners were ever owed in, the vendor's main one first, then `also`."""
    known = Account.objects.filter(kind=AccountKind.PAYABLE).values_list("currency", flat=True)
    return list(dict.fromkeys([main, *sorted({*known.distinct(), *also})]))


def visible_payouts(member: Member) -> QuerySet[Payout]:
    """Return payments a member may see: all for staff; otherwise the partner's own and those of its merged duplicates.

    Partner people see a payment from its approval on.
    """
    rows = Payout.objects.select_related("account", "run")
    if member.is_staff:
        return rows.select_related("partner")
    merged = RawSQL("select unnest(partners_merged_into(%s))", [member.own_partner_id])
    return rows.filter(Q(partner_id=member.own_partner_id) | Q(partner_id__in=merged)).exclude(
        state__in=[PayoutState.PREPARED, PayoutState.CANCELLED]
    )


def lines_of(payout_id: UUID, *, limit: int = 200) -> list[PayoutLine]:
    """Return the transfers a payment claims, oldest first, at most `limit`."""
    return list(
        PayoutLine.objects.filter(payout_id=payout_id)
        .select_related("transfer")
        .order_by("id")[:limit]
    )
