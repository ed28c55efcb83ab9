"""A mail message as a referral's form: what it says of company and contact; pure."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from html.parser import HTMLParser

from prm.web.domains import canonical_domain, is_free_mail

LONGEST = 4_000
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+", re.IGNORECASE)
# The line of a forwarded message that names its sender, as English and Italian programs write it.
_FORWARDED = re.compile(r"^[ >*]*(?:From|Da)\s*:\**\s*(.{3,200})$", re.MULTILINE | re.IGNORECASE)
# "Company: Kestrel": what a person writes above the message, in either language.
_LABELS = {
    "company": r"company|azienda|societ[àa]",
    "contact_name": r"contact|name|contatto|referente|nome",
    "contact_email": r"e-?mail",
    "contact_phone": r"phone|telephone|tel\.?|telefono",
    "website": r"website|web|sito(?: web)?",
}
_BLANKS = re.compile(r"[ \t\u00a0]+")
_GAPS = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Letter:
    """What a message says. sender: its address; inner: name and address of a message attached to it, may be empty."""

    message_id: str
    sender: str
    subject: str
    text: str
    inner: tuple[str, str] = ("", "")


class _Words(HTMLParser):
    """The readable text of an HTML body."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.hidden += tag in {"style", "script", "head"}
        if tag in {"br", "p", "div", "tr", "li"}:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"style", "script", "head"} and self.hidden > 0

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def read_letter(raw: bytes) -> Letter:
    """Return what a MIME message says; what cannot be decoded is replaced, attached files are left out."""
    message = message_from_bytes(raw, policy=default)
    inner: tuple[str, str] = ("", "")
    texts = [_body(message)]
    for part in message.walk():
        if part.get_content_type() == "message/rfc822" and part.get_payload():
            attached = part.get_payload(0)
            if not isinstance(attached, EmailMessage):
                break
            inner = parseaddr(_header(attached, "From"))
            texts.append(_body(attached))
            break
    return Letter(
        message_id=_header(message, "Message-ID"),
        sender=parseaddr(_header(message, "From"))[1].lower(),
        subject=_header(message, "Subject")[:200],
        text=_tidy("\n\n".join(text for text in texts if text)),
        inner=inner,
    )


def form_values(letter: Letter, *, own: frozenset[str]) -> dict[str, str]:
    """Return what the form of a referral can be filled with; all of it is to be checked by a person.

    own: addresses and domains that are the partner's, never the contact's.
    """
    said = {name: _labelled(letter.text, words) for name, words in _LABELS.items()}
    name, address = _contact(letter, said["contact_email"], own)
    domain = canonical_domain(address)
    values = {
        "company": said["company"] or _company_of(domain),
        "website": said["website"] or domain,
        "contact_name": said["contact_name"] or name,
        "contact_email": address,
        "contact_phone": said["contact_phone"],
        "context": "\n\n".join(part for part in (letter.subject, letter.text) if part)[:LONGEST],
    }
    return {key: value for key, value in values.items() if value}


def _contact(letter: Letter, labelled: str, own: frozenset[str]) -> tuple[str, str]:
    """Return the contact's name and address: as labelled, as forwarded, else the first stranger in the text."""
    found = _ADDRESS.search(labelled)
    senders = [parseaddr(_plain(line)) for line in _FORWARDED.findall(letter.text)]
    known = [letter.inner, *senders, *(("", row) for row in _ADDRESS.findall(letter.text))]
    strangers = [(name, row.lower()) for name, row in known if _is_stranger(row, letter, own)]
    if found:
        address = found.group().lower()
        return next((name for name, row in strangers if row == address), ""), address
    return strangers[0] if strangers else ("", "")


def _is_stranger(address: str, letter: Letter, own: frozenset[str]) -> bool:
    address = address.lower()
    if not _ADDRESS.fullmatch(address) or address == letter.sender or address in own:
        return False
    domain = address.rpartition("@")[2]
    return is_free_mail(domain) or (canonical_domain(address) or domain) not in own


def _plain(line: str) -> str:
    """Return a sender as `Name <address>`; some programs write [mailto:address]."""
    return re.sub(r"[\[<(]\s*(?:mailto:)?([^\]>)\s]+)\s*[\]>)]", r"<\1>", line).strip("* ")


def _labelled(text: str, words: str) -> str:
    found = re.search(
        rf"^[ *-]*(?:{words})\s*:\**[ \t]*(.{{1,160}})$", text, re.MULTILINE | re.IGNORECASE
    )
    return found.group(1).strip(" *") if found else ""


def _company_of(domain: str) -> str:
    return domain.partition(".")[0].replace("-", " ").title()


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = str(message.get(name, ""))
    except (ValueError, IndexError, AttributeError):  # the library trips over some broken headers
        return ""
    return " ".join(value.replace("\x00", "").split())


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except (LookupError, KeyError, ValueError):
        octets = part.get_payload(decode=True)
        text = octets.decode("utf-8", "replace") if isinstance(octets, bytes) else ""
    if part.get_content_type() == "text/html":
        words = _Words()
        words.feed(text)
        text = "".join(words.parts)
    return text


def _tidy(text: str) -> str:
    plain = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    lines = (_BLANKS.sub(" ", line).strip() for line in plain.split("\n"))
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()
