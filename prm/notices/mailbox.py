"""Mail without a mail server: one file per mail, shown at /mail/ by installations that ask for it."""

import email
import email.policy
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage as DjangoMessage
from django.core.mail.backends.base import BaseEmailBackend

SHOWN = 100
_NAME = re.compile(r"[0-9a-f]{32}")
_CODE = re.compile(r"^[ \t]*([A-Z0-9]{3}-?[A-Z0-9]{3}|\d{6})[ \t]*$", re.MULTILINE)


class FileBackend(BaseEmailBackend):
    """Writes mails to EMAIL_FILE_PATH, named after their Message-ID: a mail sent twice is one file."""

    def send_messages(self, email_messages: Sequence[DjangoMessage]) -> int:
        """Write each mail beside its place and rename it when whole."""
        folder = mail_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for sent in email_messages:
            written = sent.message()
            target = folder / f"{mail_name(str(written['Message-ID']))}.eml"
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file:
                file.write(written.as_bytes())
            Path(file.name).rename(target)
        return len(email_messages)


@dataclass(frozen=True)
class StoredMail:
    """A mail of the folder, for the list."""

    name: str
    at: datetime
    to: str
    sender: str
    subject: str
    code: str


@dataclass(frozen=True)
class OpenedMail:
    """A mail of the folder, whole."""

    summary: StoredMail
    text: str
    html: str
    headers: list[tuple[str, str]]


def mail_folder() -> Path:
    """Return the folder mails are written to."""
    return Path(getattr(settings, "EMAIL_FILE_PATH", None) or settings.DATA_DIR / "mail")


def mail_name(message_id: str) -> str:
    """Return the file name, without its ending, of a Message-ID."""
    return sha256(message_id.encode()).hexdigest()[:32]


def stored_mails() -> list[StoredMail]:
    """Return the newest mails, newest first."""
    folder = mail_folder()
    if not folder.is_dir():
        return []
    files = sorted(folder.glob("*.eml"), key=_written_at, reverse=True)[:SHOWN]
    return [_summary(file, _parsed(file)) for file in files]


def opened_mail(name: str) -> OpenedMail | None:
    """Return one mail, None when there is none of that name."""
    file = mail_folder() / f"{name}.eml"
    if not _NAME.fullmatch(name) or not file.is_file():
        return None
    message = _parsed(file)
    headers = [
        (key, str(value))
        for key, value in message.items()
        if key.lower() not in {"content-type", "mime-version"}
    ]
    return OpenedMail(
        _summary(file, message), _body(message, "plain"), _body(message, "html"), headers
    )


def _written_at(file: Path) -> float:
    try:
        return os.stat(file).st_mtime_ns  # noqa: PTH116  the list may race with a rename
    except FileNotFoundError:
        return 0


def _parsed(file: Path) -> EmailMessage:
    return email.message_from_bytes(file.read_bytes(), policy=email.policy.default)


def _summary(file: Path, message: Any) -> StoredMail:
    at = datetime.fromtimestamp(_written_at(file) / 1e9, UTC)
    code = _CODE.search(_body(message, "plain"))
    return StoredMail(
        file.stem,
        at,
        str(message["To"] or ""),
        str(message["From"] or ""),
        str(message["Subject"] or ""),
        code[1] if code else "",
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return part.get_content().replace("\r\n", "\n") if part else ""
