"""Accounts without an IBAN that Wise pays by their country's own numbers: what these are, and how its lists name them.

Source: Wise, batch template "Send to bank accounts" (2026), whose columns after the common ones are a country's own.
Dollars to the US want the receiver's street too; they go by ACH.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from stdnum.nz import bankaccount

from commissions.payouts.rules import BankNumber, NotAnAccountNumber, compact


@dataclass(frozen=True)
class LocalAccount:
    """What an account of a country is: its currency, the shapes of its number and of its bank's, its columns.

    code: empty where the bank's number is part of the account's. columns: (name, what stands there of number, code
    and kind of account).
    """

    currency: str
    number: str
    code: str
    columns: tuple[tuple[str, Callable[[str, str, str], str]], ...]


def _number(number: str, _code: str, _kind: str) -> str:
    return number


def _code(_number: str, code: str, _kind: str) -> str:
    return code


LOCAL: dict[str, LocalAccount] = {
    "GB": LocalAccount(
        "GBP", r"\d{8}", r"\d{6}", (("sortCode", _code), ("accountNumber", _number))
    ),
    "AU": LocalAccount(
        "AUD", r"\d{4,9}", r"\d{6}", (("bsbCode", _code), ("accountNumber", _number))
    ),
    "CA": LocalAccount(
        "CAD",
        r"\d{7,12}",
        r"\d{5}-\d{3}",
        (
            ("institutionNumber", lambda _number, code, _kind: code[6:]),
            ("transitNumber", lambda _number, code, _kind: code[:5]),
            ("accountNumber", _number),
            ("accountType", lambda _number, _code, kind: (kind or "checking").upper()),
        ),
    ),
    "IN": LocalAccount(
        "INR",
        r"\d{9,18}",
        r"[A-Z]{4}0[A-Z0-9]{6}",
        (("ifscCode", _code), ("accountNumber", _number)),
    ),
    "NZ": LocalAccount("NZD", r"\d{16}", "", (("accountNumber", _number),)),
}
CURRENCIES = {country: account.currency for country, account in LOCAL.items()}


def local_number(text: str, *, country: str, code: str) -> BankNumber:
    """Check an account's and its bank's number for a country of LOCAL; New Zealand's by its check digit too.

    Raises NotAnAccountNumber, with why "number-GB" or "code-GB" for the country.
    """
    shape = LOCAL[country]
    number = bankaccount.compact(text) if country == "NZ" else compact(text)
    bank = _bank_of(country, code) if shape.code else ""
    if not re.fullmatch(shape.code, bank):
        raise NotAnAccountNumber(f"code-{country}")
    if not re.fullmatch(shape.number, number) or (
        country == "NZ" and not bankaccount.is_valid(number)
    ):
        raise NotAnAccountNumber(f"number-{country}")
    return BankNumber(number, "", country, bank)


def _bank_of(country: str, text: str) -> str:
    """Return a bank's number as it is kept; Canada's as transit and institution, however it was written.

    Eight digits without a mark could be either order, so they are none.
    """
    plain = compact(text)
    if country != "CA":
        return plain
    if re.fullmatch(r"0\d{8}", plain):
        return f"{plain[4:]}-{plain[1:4]}"
    return plain[:5] + "-" + plain[5:] if re.fullmatch(r"\s*\d{5}\s*-\s*\d{3}\s*", text) else ""
