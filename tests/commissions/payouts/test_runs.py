"""A payout run freezes what is due, is approved by a second person, and pays each transfer once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from commissions.ledger.models import Transfer
from commissions.ledger.selectors import balances_of
from commissions.payouts.details import PayoutDetails, save_payout_details
from commissions.payouts.models import (
    ExclusionReason,
    Payout,
    PayoutExclusion,
    PayoutLine,
    PayoutRun,
    PayoutState,
    RunState,
)
from commissions.payouts.selectors import changes_since, ledger_check, preview_run, run_totals
from commissions.payouts.services import (
    NothingToPay,
    PayoutNotInState,
    PreparedByYou,
    PreviewChanged,
    RunAlreadyWaiting,
    RunChanged,
    RunDraft,
    RunNotInState,
    approve_run,
    cancel_run,
    export_run,
    return_payout,
    settle_all,
    settle_payout,
    submit_run,
)
from partners.directory.services import change_partner_state
from prm.events.models import Event
from prm.events.services import Actor
from tests.builders.partners import a_partner
from tests.builders.payouts import (
    IBAN_GERMANY,
    a_payee,
    approved_run,
    bank_details,
    exported_run,
    payable,
    submitted_run,
)
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("acme")


def _reasons(at: datetime, **kwargs: Any) -> dict[str, str]:
    return {row.name: row.reason for row in preview_run(at=at, **kwargs).candidates}


def test_the_preview_says_who_is_left_out_and_why(world: World, at: datetime) -> None:
    a_payee("Paid", 10_000, at=at)
    payable(a_partner(name="No details").id, 5_000, at=at)
    cooling = a_payee("Cooling", 6_000, at=at)
    save_payout_details(
        partner_id=cooling.id,
        details=PayoutDetails("sepa", "X", IBAN_GERMANY, country="DE"),
        actor=Actor(None),
        at=at - timedelta(hours=71, minutes=59),
    )
    a_payee("Negative", -700, at=at)
    paused = a_payee("Paused", 100, at=at)
    change_partner_state(
        partner_id=paused.id, state="paused", reason="Review", actor=Actor(None), at=at
    )
    by_hand = a_payee("By hand", 4_000, at=at)
    a_payee("Nothing", 500, at=at)
    nothing = a_payee("Zero", 500, at=at)
    payable(nothing.id, -500, at=at)

    assert _reasons(at, left_out=[by_hand.id]) == {
        "Paid": "",
        "Nothing": "",
        "No details": ExclusionReason.NO_DETAILS,
        "Cooling": ExclusionReason.COOLING,
        "Negative": ExclusionReason.NEGATIVE,
        "Paused": ExclusionReason.NOT_ACTIVE,
        "By hand": ExclusionReason.LEFT_OUT,
    }
    assert _reasons(at + timedelta(minutes=2))["Cooling"] == ""


def test_submitting_freezes_the_list_and_later_commissions_stay_out(
    world: World, at: datetime
) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    payable(partner.id, -2_500, at=at)
    payable(partner.id, 300, "USD", at=at)

    run = submitted_run(at=at, user_id=world.finance.id)
    payable(partner.id, 9_999, at=at)

    assert run.number == "PR-2026-11"
    assert [
        (row.currency, row.amount_minor, row.line_count, row.number)
        for row in Payout.objects.order_by("number")
    ] == [
        ("EUR", 7_500, 2, "PR-2026-11-0001"),
        ("USD", 300, 1, "PR-2026-11-0002"),
    ]
    assert [(total.currency, total.amount_minor) for total in run_totals(run.id)] == [
        ("EUR", 7_500),
        ("USD", 300),
    ]
    assert [(check.line_count, check.difference.minor) for check in ledger_check(run.id)] == [
        (2, 0),
        (1, 0),
    ]
    assert balances_of(partner.id, "EUR").payable == 17_499
    assert Event.objects.get(name="payout_run.prepared").payload["totals"] == {
        "EUR": 7_500,
        "USD": 300,
    }


def test_an_empty_run_is_refused(world: World, at: datetime) -> None:
    payable(a_partner(name="No details").id, 5_000, at=at)

    with pytest.raises(NothingToPay):
        submitted_run(at=at)

    assert not PayoutRun.objects.exists()
    assert not Event.objects.filter(name="payout_run.prepared").exists()


def test_a_preview_that_no_longer_holds_is_refused(world: World, at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    seen = preview_run(at=at).digest
    payable(partner.id, 1, at=at)

    with pytest.raises(PreviewChanged):
        submitted_run(at=at, seen_digest=seen)

    assert not PayoutRun.objects.exists()
    assert submitted_run(at=at, seen_digest=preview_run(at=at).digest).state == RunState.PREPARED


def test_only_one_run_waits_and_the_refusal_names_it(world: World, at: datetime) -> None:
    a_payee("Brightwater", 10_000, at=at)
    first = submitted_run(at=at, user_id=world.finance.id)

    with pytest.raises(RunAlreadyWaiting) as refused:
        submitted_run(at=at, user_id=world.second_finance.id)

    assert refused.value.run == first
    assert refused.value.run.prepared_by == world.finance
    assert PayoutRun.objects.count() == 1


def test_the_preparer_may_not_approve(world: World, at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    run = submitted_run(at=at, user_id=world.finance.id)

    with pytest.raises(PreparedByYou):
        approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.finance.id), at=at)

    assert balances_of(partner.id, "EUR").payable == 10_000


def test_approval_moves_payable_to_in_payout_once(world: World, at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    run = submitted_run(at=at, user_id=world.finance.id)

    for _ in range(2):
        run = approve_run(
            run_id=run.id, digest=run.digest, actor=Actor(world.second_finance.id), at=at
        )

    balance = balances_of(partner.id, "EUR")
    assert (balance.payable, balance.in_payout) == (0, 10_000)
    assert run.state == RunState.APPROVED
    assert Payout.objects.get().state == PayoutState.APPROVED
    assert Event.objects.filter(name="payout_run.approved").count() == 1
    with pytest.raises(RunNotInState):
        approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.admin.id), at=at)


def test_another_list_than_the_one_on_screen_is_not_approved(world: World, at: datetime) -> None:
    a_payee("Brightwater", 10_000, at=at)
    run = submitted_run(at=at, user_id=world.finance.id)

    with pytest.raises(RunChanged):
        approve_run(run_id=run.id, digest="0" * 64, actor=Actor(world.second_finance.id), at=at)

    assert not Transfer.objects.filter(kind="payout").exists()


def test_bank_details_changed_after_the_freeze_stop_the_approval(
    world: World, at: datetime
) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    run = submitted_run(at=at, user_id=world.finance.id)
    save_payout_details(
        partner_id=partner.id,
        details=PayoutDetails("sepa", "Thief", IBAN_GERMANY, country="DE"),
        actor=Actor(None),
        at=at,
    )

    with pytest.raises(RunChanged) as refused:
        approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.second_finance.id), at=at)

    assert [(change.kind, change.partner_name) for change in refused.value.changes] == [
        ("details", "Brightwater")
    ]
    assert not Transfer.objects.filter(kind="payout").exists()


def test_a_refund_after_the_freeze_is_carried_below_zero(world: World, at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    run = submitted_run(at=at, user_id=world.finance.id)
    payable(partner.id, -4_000, at=at)

    assert [(change.kind, change.after.minor) for change in changes_since(run)] == [
        ("balance", 6_000)
    ]
    approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.second_finance.id), at=at)

    assert balances_of(partner.id, "EUR").payable == -4_000
    assert _reasons(at) == {"Brightwater": ExclusionReason.NEGATIVE}
    payable(partner.id, 5_000, at=at)
    assert [row.amount_minor for row in preview_run(at=at).paid] == [1_000]
    assert submitted_run(at=at).state == RunState.PREPARED


def test_a_run_sent_back_frees_what_it_claimed(world: World, at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    first = submitted_run(at=at, user_id=world.finance.id)

    cancel_run(run_id=first.id, reason="Wrong month", actor=Actor(world.second_finance.id), at=at)
    second = submitted_run(at=at, user_id=world.finance.id)

    assert (second.number, second.digest != first.digest) == ("PR-2026-11.2", True)
    assert Payout.objects.get(run=second).amount_minor == 10_000
    assert PayoutLine.objects.filter(released_at=None).count() == 1
    assert balances_of(partner.id, "EUR").payable == 10_000
    approve_run(run_id=second.id, digest=second.digest, actor=Actor(world.second_finance.id), at=at)
    with pytest.raises(RunNotInState):
        cancel_run(run_id=second.id, reason="Too late", actor=Actor(world.finance.id), at=at)


def test_export_is_not_payment(world: World, at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    run = submitted_run(at=at, user_id=world.finance.id)
    with pytest.raises(RunNotInState):
        export_run(run_id=run.id, actor=Actor(world.finance.id), at=at)
    approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.second_finance.id), at=at)
    with pytest.raises(PayoutNotInState):
        settle_payout(payout_id=Payout.objects.get().id, actor=Actor(world.finance.id), at=at)

    for _ in range(2):
        run = export_run(run_id=run.id, actor=Actor(world.finance.id), at=at)

    assert (run.state, Payout.objects.get().state) == (RunState.EXPORTED, PayoutState.EXPORTED)
    assert balances_of(partner.id, "EUR").in_payout == 10_000
    assert not Transfer.objects.filter(kind="settlement").exists()
    assert Event.objects.filter(name="payout_run.exported").count() == 1


def test_settling_books_cash_once_and_closes_the_run_with_the_last(
    world: World, at: datetime
) -> None:
    first, second = (
        a_payee("Alder", 10_000, at=at),
        a_payee("Birch", 2_000, at=at, number=IBAN_GERMANY),
    )
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    payouts = {row.partner_id: row for row in Payout.objects.all()}

    for _ in range(2):
        settle_payout(payout_id=payouts[first.id].id, actor=Actor(world.finance.id), at=at)
    run.refresh_from_db()
    assert run.state == RunState.EXPORTED
    settled = settle_all(run_id=run.id, actor=Actor(world.finance.id), at=at)

    run.refresh_from_db()
    assert (settled, run.state) == (1, RunState.SETTLED)
    assert Transfer.objects.filter(kind="settlement").count() == 2
    assert (balances_of(first.id, "EUR").owed, balances_of(second.id, "EUR").owed) == (0, 0)
    assert Event.objects.filter(name="payout.settled").count() == 2
    assert Event.objects.filter(name="payout_run.settled").count() == 1
    assert settle_all(run_id=run.id, actor=Actor(world.finance.id), at=at) == 0


@pytest.mark.parametrize(
    "settled_before", [False, True], ids=["before it was settled", "after it was settled"]
)
def test_a_returned_payment_becomes_payable_once(
    world: World, at: datetime, *, settled_before: bool
) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    payout = Payout.objects.get()
    if settled_before:
        settle_payout(payout_id=payout.id, actor=Actor(world.finance.id), at=at)

    for _ in range(2):
        return_payout(
            payout_id=payout.id, reason="Account closed", actor=Actor(world.finance.id), at=at
        )

    balance = balances_of(partner.id, "EUR")
    assert (balance.payable, balance.in_payout) == (10_000, 0)
    with pytest.raises(PayoutNotInState):
        settle_payout(payout_id=payout.id, actor=Actor(world.finance.id), at=at)
    again = approved_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    assert [(row.amount_minor, row.line_count) for row in Payout.objects.filter(run=again)] == [
        (10_000, 1)
    ]
    assert balances_of(partner.id, "EUR").payable == 0
    with pytest.raises(NothingToPay):
        submitted_run(at=at)


def test_exclusions_are_frozen_with_their_reason(world: World, at: datetime) -> None:
    a_payee("Paid", 10_000, at=at)
    payable(a_partner(name="No details").id, 5_000, at=at)
    by_hand = a_payee("By hand", 4_000, at=at, number=IBAN_GERMANY)

    submit_run(
        draft=RunDraft(pay_on=at.date(), left_out=[by_hand.id]),
        actor=Actor(world.finance.id),
        at=at,
    )

    assert set(PayoutExclusion.objects.values_list("partner__name", "amount_minor", "reason")) == {
        ("No details", 5_000, "no_details"),
        ("By hand", 4_000, "left_out"),
    }


def test_two_partners_with_one_account_are_noticed(world: World, at: datetime) -> None:
    a_payee("Alder", 10_000, at=at)
    a_payee("Birch", 5_000, at=at)
    a_payee("Cedar", 5_000, at=at, number=IBAN_GERMANY)

    assert list(preview_run(at=at).shared_accounts.values()) == [["Alder", "Birch"]]


def test_a_partner_sees_only_its_own_payments(world: World, at: datetime) -> None:
    mine = a_payee("Alder", 10_000, at=at)
    a_payee("Birch", 5_000, at=at)
    submitted_run(at=at)
    assert Payout.objects.count() == 2

    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select set_config('app.partner_id', %s, true)", [str(mine.id)])
    assert [row.partner_id for row in Payout.objects.all()] == [mine.id]


def test_details_first_count_at_once_and_changed_ones_cool_for_three_days(
    world: World, at: datetime
) -> None:
    partner = a_partner(name="Brightwater")
    first = bank_details(partner.id, at=at)

    changed = save_payout_details(
        partner_id=partner.id,
        details=PayoutDetails("sepa", "Brightwater Ltd", IBAN_GERMANY, country="DE"),
        actor=Actor(None),
        at=at,
    )
    again = save_payout_details(
        partner_id=partner.id,
        details=PayoutDetails("sepa", "Brightwater Ltd", IBAN_GERMANY, country="DE"),
        actor=Actor(None),
        at=at,
    )

    assert first.cooling_until is None
    assert changed.cooling_until == at + timedelta(days=3)
    assert again == changed
    assert IBAN_GERMANY not in changed.number
    assert changed.masked == "DE\u00a0••\u00a03000"
    assert Event.objects.filter(name="payout_details.changed").count() == 2
