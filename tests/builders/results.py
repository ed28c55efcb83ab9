"""Builders of what banks answer."""

from collections.abc import Sequence
from io import BytesIO
from uuid import UUID, uuid4

from commissions.results.models import ResultFile
from commissions.results.services import read_results
from prm.events.services import Actor
from prm.uploads.services import keep_upload
from tests.builders.objects import Cast, builds
from tests.builders.payouts import NOON

HEAD = "reference,outcome,amount,currency,fee,reason"


def a_csv(*rows: str) -> bytes:
    """Return a provider's list."""
    return "\r\n".join([HEAD, *rows, ""]).encode()


def a_statement(entries: Sequence[str], *, version: str = "08") -> bytes:
    """Return a bank's statement with these entries."""
    space = f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{space}"><BkToCstmrStmt><Stmt>'
        f"{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def an_entry(
    number: str,
    amount: str,
    currency: str = "EUR",
    *,
    side: str = "DBIT",
    reason: str = "",
    fee: str = "",
    status: str = "<Cd>BOOK</Cd>",
) -> str:
    """Return one entry of a statement about one payment."""
    returned = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    charges = f'<Chrgs><Rcrd><Amt Ccy="{currency}">{fee}</Amt></Rcrd></Chrgs>' if fee else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts>'
        "<BookgDt><Dt>2026-11-20</Dt></BookgDt><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>{number}</EndToEndId></Refs>"
        f'<Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{charges}{returned}'
        "</TxDtls></NtryDtls></Ntry>"
    )


def read_file(content: bytes, *, user_id: int | None, name: str = "answer.csv") -> ResultFile:
    """Bring an answer and read it."""
    file = BytesIO(content)
    file.name = name
    upload = keep_upload(
        file=file,
        purpose="payouts.result",
        allowed=frozenset({"xml", "csv"}),
        max_bytes=10**6,
        partner_id=None,
        actor=Actor(user_id),
        at=NOON,
    )
    return read_results(
        content=content,
        upload_id=upload.id,
        file_name=upload.file_name,
        actor=Actor(user_id),
        at=NOON,
    )


@builds("payout_result")
def _payout_result(cast: Cast) -> UUID:
    row = f"{uuid4()},paid,1.00,EUR,,"
    return read_file(a_csv(row), user_id=cast.finance.id).id
