"""Pure rules of agreements: merge fields, how values are put into a text, the hash of a text."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

from django.utils.translation import gettext_lazy as _

MAX_TEXT = 100_000
MAX_NOTICE_DAYS = 365
REMIND_DAYS = 7

# The white list; what each says, for the editor.
MERGE_FIELDS = {
    "vendor_name": _("Your company's name in the portal"),
    "vendor_legal_name": _("Your company's legal name"),
    "vendor_address": _("Your company's address"),
    "partner_name": _("The partner's name in the portal"),
    "partner_legal_name": _("The partner's legal name"),
    "partner_address": _("The partner's address"),
    "partner_country": _("The partner's country"),
    "program": _("The program's name"),
    "commission": _("What the plan pays, in words; on a line of its own it becomes a list"),
    "hold_days": _("How long a commission waits before it can be paid"),
    "minimum_payout": _("Smallest payout"),
    "protection_days": _("How long an accepted referral belongs to its partner alone"),
    "plan_version": _("Number of the commission plan in force"),
    "plan_date": _("From when that plan is in force"),
    "today": _("The day of signing"),
}
# One repetition only: with spaces allowed around it as well, a text of many spaces takes hours.
_FIELD = re.compile(r"\{\{([^{}]*)\}\}")
_ALONE = re.compile(r"(?m)^[ \t]*\{\{\s*([a-z_]+)\s*\}\}[ \t]*$")
_MARKS = re.compile(r"([\\`*_{}\[\]#~])")
_LIST_START = re.compile(r"^(\s*)([-+=:]|\d+[.)])")


class BadMergeFields(ValueError):
    """A text asks for fields that do not exist; `names` as they were written."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.names = list(names)


def checked_text(text: str) -> str:
    """Return the text with plain line ends. Raises BadMergeFields, also for braces that lead nowhere."""
    tidy = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    bad = [name for found in _FIELD.findall(tidy) if (name := found.strip()) not in MERGE_FIELDS]
    rest = _FIELD.sub("", tidy)
    bad += [brace for brace in ("{{", "}}") if brace in rest]
    if bad:
        raise BadMergeFields(list(dict.fromkeys(bad)))
    return tidy


def merged(text: str, values: Mapping[str, str | Sequence[str]]) -> str:
    """Return the markdown with its fields filled in, in one pass: a value that looks like a field stays words.

    Values are words, never markdown or HTML. Several (the rules of a plan) are listed where the field has a line of its
    own, else joined. Fields without a value stay as they are written.
    """

    def listed(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if value is None or isinstance(value, str):
            return match[0]
        return "\n".join(f"- {escaped(line)}" for line in value)

    def inline(match: re.Match[str]) -> str:
        value = values.get(match[1].strip())
        if value is None:
            return match[0]
        words = value if isinstance(value, str) else "; ".join(value)
        return escaped(words)

    # Lists first, cut out as whole pieces, so that what they say is never read as a field again.
    pieces, end = [], 0
    for match in _ALONE.finditer(text):
        if isinstance(values.get(match[1]), str) or match[1] not in values:
            continue
        pieces += [_FIELD.sub(inline, text[end : match.start()]), listed(match)]
        end = match.end()
    pieces.append(_FIELD.sub(inline, text[end:]))
    return "".join(pieces)


def escaped(value: str) -> str:
    """Return words as markdown that shows exactly these words, on one line."""
    line = ", ".join(part.strip() for part in value.splitlines() if part.strip())
    line = (
        line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "&#124;")
    )
    # The hash of the entity above is not a mark.
    line = _MARKS.sub(r"\\\1", line).replace("&\\#124;", "&#124;")
    return _LIST_START.sub(_kept_from_listing, line)


def _kept_from_listing(match: re.Match[str]) -> str:
    start = match[2]
    return f"{match[1]}\\{start}" if len(start) == 1 else f"{match[1]}{start[:-1]}\\{start[-1]}"


def text_hash(text: str) -> str:
    """Return the SHA-256 of the text's UTF-8 bytes, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def readable_hash(digest: str) -> str:
    """Return a hash in groups of eight."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def language_of(texts: Mapping[str, str], wanted: str, own: str) -> str:
    """Return in which of its languages a text is read: the one wanted, else the tenant's, else the first given."""
    given = [code for code, text in texts.items() if text]
    for code in (wanted, own):
        if code in given:
            return code
    return given[0] if given else wanted
