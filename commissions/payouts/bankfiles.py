"""What goes to the bank: a SEPA file for euros, a list of every payment as CSV and as workbook."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext
from sepaxml import SepaTransfer

from commissions.payouts.details import DebtorAccount, debtor_account
from commissions.payouts.models import PayoutRun
from commissions.payouts.rules import NO_NAME, SEPA_CURRENCY, sepa_text
from commissions.payouts.selectors import payouts_of, sepa_payouts
from prm.accounts.secrets import decrypt
from prm.jobs.files import private_path, private_root
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.web.exports import write_csv, write_xlsx

# Banks take .09 from November 2025 on; the package brings no schema for later ones (STACK.md).
SEPA_SCHEMA = "pain.001.001.09"
KINDS = {"sepa": "xml", "csv": "csv", "xlsx": "xlsx"}


class NoDebtorAccount(ValueError):
    """The vendor's own account, which a SEPA file is paid from, is not entered yet."""


def file_name(run: PayoutRun, kind: str) -> str:
    """Return the name a person saves a file under."""
    return f"{run.number}-{'sepa' if kind == 'sepa' else 'payments'}.{KINDS[kind]}"


def stored_name(run: PayoutRun, kind: str) -> str:
    """Return where a run's file lies in private storage."""
    return f"{run.tenant_id}/payouts/{run.id}/{file_name(run, kind)}"


def stored_file(run: PayoutRun, kind: str) -> Path | None:
    """Return a run's file on disk, None before it was made, and for SEPA when no payment is one."""
    path = private_path(stored_name(run, kind))
    return path if path.is_file() else None


def stored_kinds(run: PayoutRun) -> list[str]:
    """Return which files of a run there are."""
    return [kind for kind in KINDS if stored_file(run, kind)]


def write_files(run: PayoutRun, *, tenant: Tenant, today: date) -> list[str]:
    """Write a run's files beside their places and rename them when all are whole; return which there are.

    today: in the tenant's zone; a bank takes no day in the past. The same run gives the same payments every time.
    Raises NoDebtorAccount when a payment needs SEPA.
    """
    folder = (private_root() / stored_name(run, "csv")).parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = [kind for kind in KINDS if _write(run, kind, folder / f".{kind}.part", tenant, today)]
    for kind in written:
        partial = folder / f".{kind}.part"
        partial.chmod(0o600)
        partial.rename(folder / file_name(run, kind))
    return written


def _write(run: PayoutRun, kind: str, target: Path, tenant: Tenant, today: date) -> bool:
    if kind == "sepa":
        content = sepa_file(run, tenant=tenant, today=today)
        if content is not None:
            target.write_bytes(content)
        return content is not None
    if kind == "csv":
        write_csv(target, payment_header(), payment_rows(run))
    else:
        write_xlsx(target, payment_header(), payment_rows(run), sheet=run.number)
    return True


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
            "description": sepa_text(f"{payout.number} {tenant.name}", longest=140),
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


def payment_header() -> list[str]:
    """Return the columns of the list of payments."""
    return [
        gettext("Payment"),
        gettext("Partner"),
        gettext("Account holder"),
        gettext("Method"),
        gettext("Account number"),
        gettext("BIC"),
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
            account.country,
            payout.currency,
            Money(payout.amount_minor, payout.currency),
            run.pay_on,
        ]
