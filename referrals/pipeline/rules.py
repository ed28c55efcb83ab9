"""Names and addresses made comparable, and the stages and moves a new program starts with."""

import re
import unicodedata

from prm.web.domains import canonical_domain

# What a company's name ends with in law, not in speech.
_LEGAL_FORMS = frozenset(
    """
    ab ag as asa bv bvba co company corp corporation cv doo eood eurl gmbh inc incorporated kft kg limited llc llp ltd
    ltda mbh nv oy oyj plc pte pty sa sagl sarl sas sl slu snc spa sprl srl srls srlu sro spzoo ug vof zrt
    """.split(),  # noqa: SIM905  as above
)
_WORDS = re.compile(r"[\w]+", re.UNICODE)
_DOTS_IN_ABBREVIATION = re.compile(r"\b(?:\w\.){2,}")
COMPANY_LENGTH = 160
EMAIL_LENGTH = 254
TAX_ID_LENGTH = 40


def company_domain(website: str, email: str) -> str:
    """Return the domain a referral is known by: the website's, else that of a company email."""
    return canonical_domain(website) or canonical_domain(email)


def normalised_email(text: str) -> str:
    """Return what two spellings of one mailbox share: lower case, no +tag, no dots where the provider ignores them."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    local, at, host = plain.rpartition("@")
    if not at or not local or not host:
        return ""
    try:
        host = host.encode("idna").decode("ascii")
    except ValueError:
        return ""
    local = local.partition("+")[0] or local
    if host in {"gmail.com", "googlemail.com"}:
        local, host = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{host}"[:EMAIL_LENGTH]


def folded_company(text: str) -> str:
    """Return a company's name in lower case, with accents, signs and repeated spaces gone; for search by its start."""
    plain = text.replace("&", " & ").casefold()
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text.replace("&", " & ")).casefold()
        plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = _DOTS_IN_ABBREVIATION.sub(lambda found: found[0].replace(".", ""), plain)
    return " ".join(_WORDS.findall(plain))[:COMPANY_LENGTH]


def normalised_company(text: str) -> str:
    """Return what two spellings of one company share: folded, no legal form: "Kestrel Ltd." is "kestrel"."""
    words = folded_company(text).split()
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return " ".join(words)


def normalised_tax_id(text: str) -> str:
    """Return what two spellings of one tax number share: letters and digits of its compatible form, in upper case."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(char for char in plain if char.isascii() and char.isalnum())[:TAX_ID_LENGTH]


# ---------------------------------------------------------------- stages

OPEN_PATH = ("submitted", "accepted", "qualified", "opportunity")
FORWARD_PATH = (*OPEN_PATH, "won")
# Kinds every program has from the start, in order.
DEFAULT_KINDS = (*FORWARD_PATH, "lost", "rejected", "expired")
DEFAULT_MOVES: dict[str, tuple[str, ...]] = {
    "submitted": ("accepted", "rejected", "expired"),
    "accepted": ("qualified", "opportunity", "won", "lost", "expired"),
    "qualified": ("opportunity", "won", "lost"),
    "opportunity": ("won", "lost"),
    # A deal that was given up may come back; a win stands, refunds undo its money.
    "lost": ("opportunity",),
    "rejected": ("accepted",),
    "expired": ("accepted",),
    "won": (),
}
# Stages that end a referral without a customer tell the partner why.
NEEDS_REASON = frozenset({"lost", "rejected"})
# Kinds that a program's editor may hold several stages of; the others mean one thing and exist once.
REPEATABLE_KINDS = frozenset({"qualified", "opportunity", "lost"})


def move_is_possible(from_kind: str, to_kind: str) -> bool:
    """Tell whether an editor may allow a move at all: nothing returns to submitted, a win is only undone by refunds."""
    return to_kind != "submitted" and from_kind != "won"
