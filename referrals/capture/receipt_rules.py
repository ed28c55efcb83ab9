"""What a receipt says and how it is proved: canonical text, keyed digests, Ed25519; no database, no clock."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MARK = "PRR1"
# A code is some 800 characters, a file with the facts some 8,000.
LONGEST = 40_000


class Unreadable(ValueError):
    """The text is no receipt at all."""


@dataclass(frozen=True)
class SigningKey:
    """A tenant's key pair; id is the first 16 hex digits of the public key's SHA-256."""

    private: Ed25519PrivateKey
    public_text: str
    id: str


@dataclass(frozen=True)
class Given:
    """A receipt as somebody brought it: the signed text, its signature, and what the file may hold besides."""

    body: str
    signature: bytes
    opening: str = ""
    facts: Mapping[str, Any] | None = None

    @property
    def said(self) -> dict[str, Any]:
        """The signed text's fields."""
        return dict(json.loads(self.body))


def tenant_key(secret: str, tenant_id: int) -> SigningKey:
    """Derive a tenant's key pair from a secret of the installation (HKDF-SHA256)."""
    info = f"prm receipt {tenant_id}".encode()
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return SigningKey(private, _text(public), hashlib.sha256(public).hexdigest()[:16])


def opening_key(secret: str, receipt_id: str) -> str:
    """Return the key of one receipt's digests, in hex; without it nobody can find out by guessing what was sent."""
    digest = hmac.new(secret.encode(), f"receipt opening {receipt_id}".encode(), hashlib.sha256)
    return digest.hexdigest()[:32]


def canonical(value: Mapping[str, Any]) -> str:
    """Return JSON with sorted keys, without blanks: the same value is the same text everywhere."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def keyed_digest(opening: str, text: str) -> str:
    """Return HMAC-SHA256 of a text under a receipt's opening key, in hex."""
    return hmac.new(bytes.fromhex(opening), text.encode(), hashlib.sha256).hexdigest()


def signed(key: SigningKey, body: str) -> str:
    """Return the signature of a text in base64url."""
    return _text(key.private.sign(body.encode()))


def code_of(body: str, signature: str) -> str:
    """Return a receipt as one word, to be pasted or put into a QR code."""
    return f"{MARK}.{_text(body.encode())}.{signature}"


def read(text: str) -> Given:
    """Read a receipt from its code or its file. Raises Unreadable."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise Unreadable("empty or too long")
    try:
        return _from_file(text) if text.startswith("{") else _from_code(text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def verifying_key(given: Given, keys: Iterable[SigningKey]) -> SigningKey | None:
    """Return the key whose signature stands under the text, None when none of them signed it."""
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(_bytes(key.public_text)).verify(
                given.signature, given.body.encode()
            )
        except InvalidSignature:
            continue
        return key
    return None


def facts_fit(given: Given) -> bool:
    """Tell whether the facts of a file are those that were signed; a receipt without facts claims none."""
    if given.facts is None:
        return True
    try:
        digest = keyed_digest(given.opening, canonical(given.facts))
    except ValueError:
        return False
    return hmac.compare_digest(digest, str(given.said.get("facts", "")))


def _from_code(text: str) -> Given:
    mark, body, signature = "".join(text.split()).split(".")
    if mark != MARK:
        raise Unreadable(mark)
    given = Given(_bytes(body).decode(), _bytes(signature))
    # Read once here, so that whoever shows it need not fear for it.
    dict(given.said.items())
    return given


def _from_file(text: str) -> Given:
    read_ = json.loads(text)
    facts = read_.get("facts")
    if facts is not None and not isinstance(facts, dict):
        raise Unreadable("facts")
    return Given(
        canonical(dict(read_["receipt"].items())),
        _bytes(read_["signature"]),
        str(read_.get("opening", "")),
        facts,
    )


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise Unreadable("base64") from error
    if _text(raw) != text:
        # Several texts would stand for the same bytes; only one of them is the receipt.
        raise Unreadable("not canonical")
    return raw
