"""Receipts: the vendor signs what came in, at the moment it came; anybody can verify it later."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.conf import settings

from partners.directory.models import Partner
from prm.events.models import Event, EventSeal
from prm.events.services import Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from referrals.capture.models import Receipt
from referrals.capture.receipt_rules import (
    Given,
    SigningKey,
    canonical,
    code_of,
    facts_fit,
    keyed_digest,
    opening_key,
    signed,
    tenant_key,
    verifying_key,
)
from referrals.pipeline.models import Referral

# What the partner said; digests of exactly this are signed.
_FACTS = (
    "company",
    "website",
    "country",
    "tax_id",
    "contact_name",
    "contact_title",
    "contact_email",
    "contact_phone",
    "context",
    "product",
    "consent",
    "custom",
)


def issue_receipt(referral: Referral, actor: Actor, at: datetime) -> None:
    """Sign what came in, in the transaction of the submission; a hook of it, once for each referral.

    The text holds numbers, names of firms and keyed digests, nothing of the person referred: it outlives an erasure.
    at: aware UTC. Emits receipt.issued, whose digest the audit chain seals.
    """
    tenant = Tenant.objects.only("id", "slug", "name").get(id=current_scope().tenant_id)
    receipt_id = uuid4()
    opening = opening_key(_secrets()[0], str(receipt_id))
    key = tenant_keys(tenant.id)[0]
    number = f"RC{referral.number.removeprefix('R')}"
    body = canonical(
        {
            "v": 1,
            "vendor": tenant.name,
            "portal": tenant.slug,
            "receipt": number,
            "referral": referral.number,
            "partner": Partner.objects.values_list("name", flat=True).get(id=referral.partner_id),
            "received_at": at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "company": keyed_digest(opening, referral.company_norm),
            "facts": keyed_digest(opening, canonical(facts_of(referral))),
            "key": key.id,
        }
    )
    receipt = Receipt.objects.create(
        id=receipt_id,
        referral=referral,
        partner_id=referral.partner_id,
        number=number,
        issued_at=at,
        body=body,
        signature=signed(key, body),
        key_id=key.id,
    )
    emit(
        "receipt.issued",
        subject=f"receipt:{receipt.id}",
        actor=actor,
        partner_id=referral.partner_id,
        payload={
            "receipt_id": str(receipt.id),
            "referral_id": str(referral.id),
            "digest": hashlib.sha256(body.encode()).hexdigest(),
        },
        at=at,
        queue=False,
    )


def facts_of(referral: Referral) -> dict[str, Any]:
    """Return what the partner said of a referral, as it is signed and as the receipt's file holds it."""
    return {name: getattr(referral, name) for name in _FACTS}


def receipt_file(receipt: Receipt, referral: Referral, *, staff: bool) -> dict[str, Any]:
    """Return a receipt as its file: signed fields, signature, key, and the facts while they are still what was signed.

    After a change or an erasure the facts are left out: they would no longer fit, and the signature needs them not.
    So they are for partners (staff False) from whom the contact is covered.
    """
    file = {
        "receipt": json.loads(receipt.body),
        "signature": receipt.signature,
        "public_key": _public(receipt),
    }
    if referral.contact_hidden and not staff:
        return file
    for secret in _secrets():
        opening = opening_key(secret, str(receipt.id))
        given = Given(receipt.body, b"", opening, facts_of(referral))
        if facts_fit(given):
            return {**file, "opening": opening, "facts": facts_of(referral)}
    return file


def receipt_code(receipt: Receipt) -> str:
    """Return a receipt as one word."""
    return code_of(receipt.body, receipt.signature)


@dataclass(frozen=True)
class Verdict:
    """What became of a receipt that somebody brought: whether it holds, and if so what was signed.

    problem: "" or why not: "signature" (changed, or signed by nobody here) or "facts" (the facts beside it changed).
    position, chain: the entry of the audit log that holds it and the log's seal there; 0 while it waits for its seal.
    recorded: whether the portal's own records hold the very same text.
    """

    problem: str
    said: dict[str, Any]
    has_facts: bool = False
    recorded: bool = False
    position: int = 0
    chain: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether everything that was brought is as the vendor signed it."""
        return not self.problem


def verdict_on(given: Given) -> Verdict:
    """Verify a receipt for the open tenant, and look up where its audit log sealed it."""
    if verifying_key(given, tenant_keys(current_scope().tenant_id)) is None:
        return Verdict("signature", {})
    said = given.said
    if not facts_fit(given):
        return Verdict("facts", said)
    receipt = Receipt.objects.filter(number=said.get("receipt", "")).first()
    if receipt is None or receipt.body != given.body:
        return Verdict("", said, has_facts=given.facts is not None)
    event = Event.objects.filter(subject=f"receipt:{receipt.id}", name="receipt.issued").first()
    seal = EventSeal.objects.filter(event_id=event.id).first() if event else None
    return Verdict(
        "",
        said,
        has_facts=given.facts is not None,
        recorded=True,
        position=seal.position if seal else 0,
        chain=bytes(seal.chain).hex() if seal else "",
    )


def tenant_keys(tenant_id: int) -> list[SigningKey]:
    """Return a tenant's signing keys, newest first; the older ones only verify."""
    return [tenant_key(secret, tenant_id) for secret in _secrets()]


def _secrets() -> list[str]:
    return list(settings.RECEIPT_KEYS)


def _public(receipt: Receipt) -> str:
    keys = {key.id: key.public_text for key in tenant_keys(current_scope().tenant_id)}
    return keys.get(receipt.key_id, "")
