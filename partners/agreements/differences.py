"""What changed between two texts, in words: paragraph by paragraph, inside a paragraph word by word."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "added", "removed"]
_BLANK = re.compile(r"\n\s*\n")
_HEADING = re.compile(r"^#{1,6}\s+")
_MARKUP = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~=:])|\*\*|__|`")
_WORD = re.compile(r"\S+")
# Beyond so many pairs of words a paragraph is shown as replaced; comparing them takes too long.
_MOST_PAIRS = 4_000_000


@dataclass(frozen=True)
class Piece:
    """Some words of a paragraph."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Change:
    """A paragraph that changed, under the heading it stands below."""

    heading: str
    pieces: tuple[Piece, ...]

    @property
    def kind(self) -> str:
        """Whether the whole paragraph is new or gone, or some of its words changed."""
        kinds = {piece.kind for piece in self.pieces}
        return next(iter(kinds)) if len(kinds) == 1 else "changed"


def changes_between(old: str, new: str) -> list[Change]:
    """Return the paragraphs of two markdown texts that differ, in the order of reading; nothing when all are alike.

    Line breaks inside a paragraph and spaces do not count as changes.
    """
    before, after = _paragraphs(old), _paragraphs(new)
    found: list[Change] = []
    matcher = SequenceMatcher(None, [p.text for p in before], [p.text for p in after], False)
    for operation, left, left_end, right, right_end in matcher.get_opcodes():
        if operation == "equal":
            continue
        gone, come = before[left:left_end], after[right:right_end]
        pairs = min(len(gone), len(come))
        for was, now in zip(gone, come, strict=False):
            found.append(Change(now.heading, tuple(_words(was.text, now.text))))
        found += [Change(p.heading, (Piece("removed", p.text),)) for p in gone[pairs:]]
        found += [Change(p.heading, (Piece("added", p.text),)) for p in come[pairs:]]
    return found


@dataclass(frozen=True)
class _Paragraph:
    heading: str
    text: str


def _paragraphs(text: str) -> list[_Paragraph]:
    heading, found = "", []
    for block in _BLANK.split(text.strip()):
        rest: list[str] = []
        for line in block.splitlines():
            if _HEADING.match(line):
                if rest:
                    found.append(_Paragraph(heading, _plain(rest)))
                    rest = []
                heading = _plain([_HEADING.sub("", line)])
                found.append(_Paragraph("", heading))
            elif line.lstrip().startswith(("- ", "* ")) and rest:
                found.append(_Paragraph(heading, _plain(rest)))
                rest = [line]
            else:
                rest.append(line)
        if rest:
            found.append(_Paragraph(heading, _plain(rest)))
    return [paragraph for paragraph in found if paragraph.text]


def _plain(lines: Sequence[str]) -> str:
    """Return the words of some lines without their marks."""
    words = " ".join(" ".join(lines).split())
    words = re.sub(r"^[-*] ", "", words)
    return html.unescape(_MARKUP.sub(lambda match: match[1] or "", words))


def _words(old: str, new: str) -> list[Piece]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) * len(after) > _MOST_PAIRS:
        return [Piece("removed", old), Piece("added", new)]
    matcher = SequenceMatcher(None, before, after, False)
    if matcher.ratio() < 0.25:
        return [Piece("removed", old), Piece("added", new)]
    pieces: list[Piece] = []
    for operation, left, left_end, right, right_end in matcher.get_opcodes():
        if operation == "equal":
            pieces.append(Piece("same", " ".join(before[left:left_end])))
            continue
        if left_end > left:
            pieces.append(Piece("removed", " ".join(before[left:left_end])))
        if right_end > right:
            pieces.append(Piece("added", " ".join(after[right:right_end])))
    return pieces
