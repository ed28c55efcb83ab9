"""Countries, languages and currencies to choose from and to name, in the reader's language."""

from babel.numbers import get_currency_name
from django.utils.translation import get_language

from prm.web.formats import locale_of

# ISO 4217 codes in wide use for partner payments; first the common ones, then by code.
CURRENCIES = [
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "AED",
    "AUD",
    "BGN",
    "BHD",
    "BRL",
    "CAD",
    "CLP",
    "CNY",
    "COP",
    "CZK",
    "DKK",
    "EGP",
    "HKD",
    "HUF",
    "IDR",
    "ILS",
    "INR",
    "ISK",
    "JOD",
    "JPY",
    "KES",
    "KRW",
    "KWD",
    "MAD",
    "MXN",
    "MYR",
    "NGN",
    "NOK",
    "NZD",
    "OMR",
    "PEN",
    "PHP",
    "PLN",
    "QAR",
    "RON",
    "RSD",
    "SAR",
    "SEK",
    "SGD",
    "THB",
    "TND",
    "TRY",
    "TWD",
    "UAH",
    "UYU",
    "VND",
    "ZAR",
]
_NO_COUNTRIES = {"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"}


def country_choices() -> list[tuple[str, str]]:
    """Return the world's countries in the reader's language, after an empty choice."""
    names = locale_of(get_language()).territories
    named = [
        (str(code), str(name)) for code, name in names.items() if str(code) not in _NO_COUNTRIES
    ]
    countries = [(code, name) for code, name in named if len(code) == 2 and code.isalpha()]
    return [("", "–"), *sorted(countries, key=lambda row: row[1])]


def country_name(code: str) -> str:
    """Return a country's name in the reader's language, the code when it has none."""
    return str(locale_of(get_language()).territories.get(code, code))


def language_in_words(code: str) -> str:
    """Return a language's name as it stands inside a sentence: "Italian", "italiano"; the code when it has none."""
    return str(locale_of(get_language()).languages.get(code, code))


def currency_choices() -> list[tuple[str, str]]:
    """Return currencies by code and name in the reader's language."""
    return [
        (code, f"{code} – {get_currency_name(code, locale=locale_of(get_language()))}")
        for code in CURRENCIES
    ]
