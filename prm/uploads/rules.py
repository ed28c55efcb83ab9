"""Which kinds of files are taken, and how the content, never the name or a header, tells them apart."""

import codecs
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class FileType:
    """One kind of file. inline: browsers show it by themselves and it can carry no script of ours."""

    content_type: str
    ending: str
    inline: bool = False


TYPES = {
    "pdf": FileType("application/pdf", ".pdf", inline=True),
    "png": FileType("image/png", ".png", inline=True),
    "jpeg": FileType("image/jpeg", ".jpg", inline=True),
    "docx": FileType(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"
    ),
    "xlsx": FileType("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    "csv": FileType("text/csv", ".csv"),
    # Only data for a reader of ours, such as a bank's statement; never shown by a browser.
    "xml": FileType("application/xml", ".xml"),
    "mp4": FileType("video/mp4", ".mp4", inline=True),
    "webm": FileType("video/webm", ".webm", inline=True),
}
PICTURES = frozenset({"png", "jpeg"})
DOCUMENTS = frozenset({"pdf", "png", "jpeg", "docx", "xlsx", "csv"})
VIDEOS = frozenset({"mp4", "webm"})
_BY_CONTENT_TYPE = {kind.content_type: kind for kind in TYPES.values()}
_MARKUP = re.compile(
    rb"<\s*(?:!doctype|html|head|body|svg|script|iframe|\?xml|img|object|embed|meta|style)",
    re.IGNORECASE,
)
# The declaration; what follows it may be no page, picture or document type.
_XML = re.compile(rb"\A(?:\xef\xbb\xbf)?<\?xml[^<>]*\?>\s*")
_BRANDS = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash"}
)
HEAD_BYTES = 4096


def may_be_inline(content_type: str) -> bool:
    """Tell whether a stored type may be shown in the browser instead of saved; never markup."""
    kind = _BY_CONTENT_TYPE.get(content_type)
    return kind is not None and kind.inline


def kind_of(head: bytes, tail: bytes, size: int) -> str:
    """Return what a file claims by its first and last 4 KiB: a name of TYPES, "zip" for an archive, else "".

    size: of the whole file in bytes. An archive still has to be looked into.
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"%PDF-"):
        return "pdf" if b"%%EOF" in tail[-1024:] else ""
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm" if b"\x42\x82\x84webm" in head[:64] else ""
    if _XML.match(head):
        return "xml" if _is_plain_text(_XML.sub(b"", head)) else ""
    return "csv" if size and _is_plain_text(head) else ""


def _is_plain_text(head: bytes) -> bool:
    """Tell whether the beginning is text in which no markup stands; a cut character at its end is forgiven."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = head.decode("utf-16", "ignore").encode()
    else:
        text = head
    if _MARKUP.search(text) or any(sign < 32 and sign not in b"\t\r\n\x1a" for sign in text):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text)
    except UnicodeDecodeError:
        try:
            text.decode("cp1252")
        except UnicodeDecodeError:
            return False
    return True


def named_as(file_name: str, kind: str) -> str:
    """Return the file's name with the ending that its content has, at most 160 characters, without controls."""
    plain = "".join(sign for sign in file_name.replace("\\", "/") if sign.isprintable())
    stem = plain.rpartition("/")[2].strip()
    ending = TYPES[kind].ending
    accepted = {ending, ".jpeg"} if kind == "jpeg" else {ending}
    for known in accepted:
        if stem.lower().endswith(known):
            stem = stem[: -len(known)]
    return (stem.strip(". ")[: 160 - len(ending)] or "file") + ending
