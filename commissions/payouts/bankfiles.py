"""What goes to banks and providers: from one frozen run a file per way of paying, and lists of every payment."""

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any

from django.utils.translation import gettext
from sepaxml import SepaTransfer

from commissions.payouts.ach import Entry, Origin, ach_file
from commissions.payouts.details import DebtorAccount, debtor_account
from commissions.payouts.models import AchKind, FileTemplate, Payout, PayoutMethod, PayoutRun
from commissions.payouts.rules import (
    ACH_CURRENCY,
    NO_NAME,
    SEPA_CURRENCY,
    bank_day_from,
    sepa_text,
)
from commissions.payouts.selectors import (
    needs_ach_head,
    payouts_by_method,
    payouts_of,
    sepa_payouts,
)
from commissions.payouts.settings import ach_head, payout_settings
from commissions.payouts.templates import PaymentRow, live_templates, template_lines
from commissions.payouts.walletfiles import (
    paypal_parts,
    wise_account_parts,
    wise_parts,
    write_paypal,
    write_wise,
    write_wise_accounts,
)
from prm.accounts.secrets import decrypt
from prm.jobs.files import private_path, private_root
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.web.exports import write_csv, write_xlsx

# Banks take .09 from November 2025 on; the package brings no schema for later ones (STACK.md).
SEPA_SCHEMA = "pain.001.001.09"
# In the order of the menu: the file of each way, what finance shaped itself, then the lists of all.
_ENDINGS = {"sepa": "xml", "ach": "txt", "csv": "csv", "xlsx": "xlsx", "zip": "zip"}
_KIND = re.compile(
    r"sepa|ach|paypal-[a-z]{3}(-\d+)?|wise(-[a-z]{3})?(-\d+)?|template-\d+|csv|xlsx|zip"
)
_LISTS = ("csv", "xlsx")
_ORDER = ("sepa", "ach", "paypal", "wise", "template", "csv", "xlsx", "zip")


class NoDebtorAccount(ValueError):
    """The vendor's own account, which a SEPA file is paid from, is not entered yet."""


class NoAchHead(ValueError):
    """What US banks want in the head of a file is not entered yet."""


@dataclass(frozen=True)
class BankFile:
    """One file to make: its kind in the address, and what writes it to a path."""

    kind: str
    write: Callable[[Path], object]


def is_kind(kind: str) -> bool:
    """Tell whether a run may have a file of the kind."""
    return _KIND.fullmatch(kind) is not None


def file_name(run: PayoutRun, kind: str) -> str:
    """Return the name a person saves a file under."""
    return f"{run.number}-{'payments' if kind in _LISTS else kind}.{_ENDINGS.get(kind, 'csv')}"


def stored_name(run: PayoutRun, kind: str) -> str:
    """Return where a run's file lies in private storage."""
    return f"{run.tenant_id}/payouts/{run.id}/{file_name(run, kind)}"


def stored_file(run: PayoutRun, kind: str) -> Path | None:
    """Return a run's file on disk; None before it was made, and for ways that no payment goes."""
    path = private_path(stored_name(run, kind))
    return path if path.is_file() else None


def stored_kinds(run: PayoutRun) -> list[str]:
    """Return which files of a run there are, those for banks and providers first."""
    folder = private_path(stored_name(run, "csv")).parent
    lead = f"{run.number}-"
    kinds = [
        _LISTS[_LISTS.index(path.suffix[1:])]
        if path.stem == f"{lead}payments"
        else path.stem.removeprefix(lead)
        for path in folder.glob(f"{lead}*")
    ]
    return sorted(filter(is_kind, kinds), key=lambda kind: (_ORDER.index(kind.split("-")[0]), kind))


def write_files(run: PayoutRun, *, tenant: Tenant, today: date) -> list[str]:
    """Write a run's files beside their places and rename them when all are whole; return which there are.

    today: in the tenant's zone; a bank takes no day in the past. The same run gives the same payments every time.
    Raises NoDebtorAccount when a payment needs SEPA, NoAchHead when one needs a US file, NotForAch.
    """
    folder = (private_root() / stored_name(run, "csv")).parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = list(_files(run, tenant, today))
    for file in files:
        file.write(folder / f".{file.kind}.part")
    kinds = [file.kind for file in files]
    if len(kinds) > len(_LISTS) + 1:
        _pack(run, folder, kinds)
        kinds.append("zip")
    for kind in kinds:
        partial = folder / f".{kind}.part"
        partial.chmod(0o600)
        partial.rename(folder / file_name(run, kind))
    return stored_kinds(run)


def _files(run: PayoutRun, tenant: Tenant, today: date) -> Iterator[BankFile]:
    """Yield the files that the run's payments need; each payment is in its way's file and in the lists of all."""
    pay_on = max(run.pay_on, today)
    sepa = sepa_file(run, tenant=tenant, today=today)
    if sepa is not None:
        yield BankFile("sepa", lambda path: path.write_bytes(sepa))
    ach = us_file(run, tenant=tenant, pay_on=bank_day_from(pay_on, us=True))
    if ach is not None:
        yield BankFile("ach", lambda path: path.write_bytes(ach))
    for kind, rows in paypal_parts(_rows(run, tenant, [PayoutMethod.PAYPAL])):
        yield BankFile(f"paypal{kind}", partial(write_paypal, rows=rows))
    for kind, rows in wise_parts(_rows(run, tenant, [PayoutMethod.WISE])):
        yield BankFile(
            f"wise{kind}",
            partial(write_wise, rows=rows, source_currency=tenant.currency),
        )
    for kind, rows in wise_account_parts(_rows(run, tenant, [PayoutMethod.WISE_ACCOUNT])):
        yield BankFile(
            f"wise{kind}",
            partial(write_wise_accounts, rows=rows, source_currency=tenant.currency),
        )
    for shape in live_templates():
        if rows := _rows(run, tenant, shape.methods):
            yield BankFile(
                f"template-{shape.id}",
                partial(_shaped, shape=shape, rows=rows),
            )
    yield BankFile("csv", lambda path: write_csv(path, payment_header(), payment_rows(run)))
    yield BankFile(
        "xlsx",
        lambda path: write_xlsx(path, payment_header(), payment_rows(run), sheet=run.number),
    )


def _shaped(path: Path, shape: FileTemplate, rows: list[PaymentRow]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(template_lines(shape, rows))


def _pack(run: PayoutRun, folder: Path, kinds: list[str]) -> None:
    with zipfile.ZipFile(folder / ".zip.part", "w", zipfile.ZIP_DEFLATED) as archive:
        for kind in kinds:
            archive.write(folder / f".{kind}.part", file_name(run, kind))


def sepa_file(run: PayoutRun, *, tenant: Tenant, today: date) -> bytes | None:
    """Return the run's euro payments as pain.001, checked against its schema; None when there are none.

    The message is named after the run, so that a bank refuses the same file twice; each payment's end-to-end
    id is its own number. Raises NoDebtorAccount.
    """
    payouts = list(sepa_payouts(run.id))
    if not payouts:
        return None
    debtor = debtor_account(tenant)
    if debtor is None:
        raise NoDebtorAccount
    transfer = SepaTransfer(_debtor(debtor), schema=SEPA_SCHEMA, clean=False)
    # The package numbers messages at random and has no way to say otherwise.
    transfer._xml.find("CstmrCdtTrfInitn/GrpHdr/MsgId").text = run.number  # noqa: SLF001
    for payout in payouts:
        payment: dict[str, Any] = {
            "name": sepa_text(payout.account.holder, longest=70) or NO_NAME,
            "IBAN": decrypt(payout.account.number),
            "amount": payout.amount_minor,
            "execution_date": max(run.pay_on, today),
            "description": sepa_text(_reference(payout, tenant), longest=140),
            "endtoend_id": payout.number,
        }
        if payout.account.bic:
            payment["BIC"] = payout.account.bic
        transfer.add_payment(payment)
    return bytes(transfer.export(validate=True))


def _debtor(debtor: DebtorAccount) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": sepa_text(debtor.holder, longest=70) or NO_NAME,
        "IBAN": debtor.iban,
        "batch": True,
        "currency": SEPA_CURRENCY,
    }
    return {**found, "BIC": debtor.bic} if debtor.bic else found


def us_file(run: PayoutRun, *, tenant: Tenant, pay_on: date) -> bytes | None:
    """Return the run's payments to US accounts as one batch of credits; None when there are none.

    Raises NoAchHead, NotForAch.
    """
    if not needs_ach_head(run.id):
        return None
    head = ach_head(payout_settings())
    if not head.is_whole:
        raise NoAchHead
    entries = [
        Entry(
            row.routing,
            row.account,
            row.ach_kind or AchKind.CHECKING,
            row.amount_minor,
            row.holder,
            # The end of a payment's number tells it apart; fifteen characters are all there is.
            row.number[-15:],
        )
        for row in _rows(run, tenant, [PayoutMethod.ACH])
        if row.currency == ACH_CURRENCY
    ]
    return ach_file(
        entries,
        origin=Origin(head.routing, head.bank_name, head.company_id, head.company_name),
        title="PAYOUT",
        pay_on=pay_on,
        # The day, not the moment: the same run gives the same bytes.
        made_at=datetime.combine(run.pay_on, time()),
    )


def _rows(run: PayoutRun, tenant: Tenant, methods: list[str]) -> list[PaymentRow]:
    """Return payments by number with everything that a file may name; no methods: all of them."""
    return [
        PaymentRow(
            number=payout.number,
            partner=payout.partner.name,
            holder=payout.account.holder,
            method=str(payout.account.get_method_display()),
            account=decrypt(payout.account.number),
            bic=payout.account.bic,
            routing=payout.account.routing,
            ach_kind=payout.account.ach_kind,
            country=payout.account.country,
            currency=payout.currency,
            amount_minor=payout.amount_minor,
            pay_on=run.pay_on,
            reference=_reference(payout, tenant),
        )
        for payout in payouts_by_method(run.id, methods)
    ]


def _reference(payout: Payout, tenant: Tenant) -> str:
    return f"{payout.number} {tenant.name}"


def payment_header() -> list[str]:
    """Return the columns of the list of payments."""
    return [
        gettext("Payment"),
        gettext("Partner"),
        gettext("Account holder"),
        gettext("Method"),
        gettext("Account number"),
        gettext("BIC"),
        gettext("Bank number"),
        gettext("Country"),
        gettext("Currency"),
        gettext("Amount"),
        gettext("Pay on"),
    ]


def payment_rows(run: PayoutRun) -> Iterator[list[Any]]:
    """Yield every payment of a run by number, with the whole account number."""
    for payout in payouts_of(run.id).order_by("number").iterator(2000):
        account = payout.account
        yield [
            payout.number,
            payout.partner.name,
            account.holder,
            account.get_method_display(),
            decrypt(account.number),
            account.bic,
            account.routing,
            account.country,
            payout.currency,
            Money(payout.amount_minor, payout.currency),
            run.pay_on,
        ]
