"""First proposals for a foreign file: what its columns, stage words and people mean; the person corrects them."""

import re
from collections.abc import Iterable, Mapping, Sequence

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
# Headings people use, in English and Italian, most telling first.
_HEADINGS: dict[str, str] = {
    "external_id": "opportunity id|deal id|lead id|referral id|record id|id|codice|number|numero",
    "company": "company|account|account name|company name|customer|azienda|societa|ragione sociale|cliente",
    "partner": "partner|partner name|partner company|partner organization|referrer|reseller|agency|segnalatore",
    "submitted_by": "sales agent|agent|rep|sales rep|submitted by|owner|agente|venditore|segnalato da",
    "stage": "stage|deal stage|status|pipeline stage|lead status|fase|stato",
    "registered_at": "registered|engage date|created|create date|created at|date|first contact date|submitted|"
    "submitted at|lead date|data|data creazione",
    "closed_at": "close date|closed|closed at|won date|closing date|data chiusura",
    "deal": "close value|deal value|amount|value|revenue|deal amount|importo|valore",
    "product": "product|products|plan|prodotto",
    "website": "website|domain|url|web|company domain|sito|sito web",
    "contact_name": "contact|contact name|full name|name|referente|nome",
    "contact_title": "title|job title|role|ruolo",
    "contact_email": "email|e mail|contact email|email address|mail",
    "contact_phone": "phone|telephone|mobile|contact phone|telefono|cellulare",
    "country": "country|country code|paese|nazione",
    "context": "notes|note|context|comments|description|descrizione",
    "reason": "lost reason|reason|loss reason|motivo",
    "link": "link|landing page|landing page id|collegamento",
    "channel": "channel|origin|lead source|utm source|canale",
}
_STAGES: dict[str, str] = {
    "won": "won|closed won|win|customer|signed|vinta|vinto|chiusa vinta",
    "lost": "lost|closed lost|dead|persa|perso|chiusa persa",
    "rejected": "rejected|declined|disqualified|unqualified|rifiutata",
    "expired": "expired|scaduta",
    "opportunity": "opportunity|engaging|negotiation|proposal|proposal sent|"
    "in progress|working|demo|trattativa|offerta",
    "qualified": "qualified|sql|mql|qualificata",
    "accepted": "accepted|approved|open|contacted|accettata|aperta",
    "submitted": "submitted|prospecting|new|lead|prospect|inviata|nuova",
}


def plain(text: str) -> str:
    """Return a heading or word as guesses compare it."""
    return _NOT_LETTERS.sub(" ", text.casefold()).strip()


def columns_meant(headings: Sequence[str]) -> dict[str, str]:
    """Return field -> heading where a heading has one of the field's usual names; each heading once."""
    found: dict[str, str] = {}
    used: set[str] = set()
    for field, names in _HEADINGS.items():
        for name in names.split("|"):
            match = next(
                (heading for heading in headings if plain(heading) == name and heading not in used),
                None,
            )
            if match is not None:
                found[field] = match
                used.add(match)
                break
    return found


def stage_meant(word: str, stages: Mapping[str, str]) -> str:
    """Return which stage a word of the file means, empty when nothing says so.

    stages: folded name or kind -> stage key.
    """
    folded = plain(word)
    if folded in stages:
        return stages[folded]
    for kind, words in _STAGES.items():
        if folded in words.split("|") and kind in stages:
            return stages[kind]
    return ""


def person_column(columns: Mapping[str, Sequence[str]], people: Iterable[str]) -> str:
    """Return the column of a second file that holds most of the people named in the first."""
    wanted = {plain(person) for person in people if person}
    return max(columns, key=lambda name: len(wanted & {plain(value) for value in columns[name]}))
