"""What a partner says yes to: old and new terms as one text with a digest; pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

# Before new terms take effect, partners that have not answered are reminded once.
REMIND_DAYS = 7
# So long after new terms took effect a partner is asked; later its silence stands.
ASK_DAYS = 60


@dataclass(frozen=True)
class Offer:
    """Old and new terms in the reader's words, exactly as shown; each line is (subject, before, after)."""

    title: str
    lines: Sequence[tuple[str, str, str]]
    unchanged: Sequence[str]
    closing: str

    @property
    def text(self) -> str:
        """The whole text, one line a change; the same terms, language and day give the same bytes."""
        changed = [
            f"{subject}: {before or '–'} → {after or '–'}" for subject, before, after in self.lines
        ]
        kept = [f"= {line}" for line in self.unchanged]
        return "\n".join([self.title, "", *changed, *kept, "", self.closing]) + "\n"

    @property
    def digest(self) -> str:
        """The SHA-256 of the text's UTF-8 bytes."""
        return text_hash(self.text)


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
