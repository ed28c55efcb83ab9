"""Referrals by email: a secret address of one person; what is sent there waits as a draft, never as a referral."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.accounts.selectors import people_who_may
from prm.events.services import Actor, emit
from prm.notices.services import notify
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.domains import canonical_domain
from referrals.capture.mail_rules import Letter, form_values, read_letter
from referrals.capture.models import Draft, MailAddress, MailReceived
from referrals.capture.rules import MAX_DRAFTS
from referrals.pipeline.rules import normalised_email

# What one address takes in 24 hours.
MAILS_A_DAY = 50
# How far the clock of the mail server may be off.
CLOCK_SECONDS = 300


class TooManyMails(Exception):
    """The address took as many messages in 24 hours as it may."""


def takes_mail() -> bool:
    """Tell whether this installation has a domain for mail, and a key that its mail server signs with."""
    return bool(settings.INBOUND_MAIL_DOMAIN and settings.INBOUND_MAIL_KEY)


def own_address(member: Member) -> MailAddress | None:
    """Return the person's address that works now."""
    rows = MailAddress.objects.filter(partner_id=member.own_partner_id, owner_id=member.user_id)
    return rows.filter(revoked_at=None).select_related("program").first()


def written_out(address: MailAddress) -> str:
    """Return an address as people copy it; before the point stands the tenant, by which the mail server finds it."""
    tenant = Tenant.objects.values_list("slug", flat=True).get(id=current_scope().tenant_id)
    return f"{tenant}.{_code_of(address)}@{settings.INBOUND_MAIL_DOMAIN}"


@transaction.atomic
def make_mail_address(*, program_id: UUID, member: Member, at: datetime) -> MailAddress:
    """Give a person an address whose messages become drafts for the program; a repeat returns the one there is.

    Emits mail_address.made.
    """
    if found := own_address(member):
        return found
    address = MailAddress(
        partner_id=member.own_partner_id,
        program_id=program_id,
        owner_id=member.user_id,
        made_at=at,
        # The code is made of the id, which the database gives.
        code_digest=secrets.token_hex(32),
    )
    address.save(force_insert=True)
    address.code_digest = _digest(_code_of(address))
    address.save(update_fields=["code_digest"])
    _tell("mail_address.made", address, Actor(user_id=member.user_id, name=member.name), at)
    return address


@transaction.atomic
def revoke_mail_address(*, member: Member, at: datetime) -> None:
    """Stop the person's address for ever; a repeat does nothing. Emits mail_address.revoked."""
    address = own_address(member)
    if address is None:
        return
    address.revoked_at = at
    address.save(update_fields=["revoked_at"])
    _tell("mail_address.revoked", address, Actor(user_id=member.user_id, name=member.name), at)


def is_signed(*, signature: str, stamp: str, recipient: str, body: bytes, at: datetime) -> bool:
    """Tell whether the mail server sent this within the last minutes. stamp: seconds since 1970, as it was signed.

    The signature is HMAC-SHA256 in hex, under INBOUND_MAIL_KEY, over stamp, recipient and message joined by points.
    """
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        return False
    if abs(int(at.timestamp()) - int(stamp)) > CLOCK_SECONDS:
        return False
    text = f"{stamp}.{recipient}.".encode() + body
    wanted = hmac.new(settings.INBOUND_MAIL_KEY.encode(), text, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode())


@transaction.atomic
def take_mail(*, raw: bytes, recipient: str, at: datetime) -> Draft | None:
    """Make a draft of a message for the person whose address it came to, and tell them.

    None for an address that is unknown or stopped, a person who may not refer any more, a message that came before,
    and when the person keeps as many drafts as they may (they are told). Raises TooManyMails.
    """
    address = _address_named(recipient)
    if address is None or address.owner_id not in set(
        people_who_may(Capability.SUBMIT_REFERRAL, partner_id=address.partner_id)
    ):
        return None
    letter = read_letter(raw)
    digest = hashlib.sha256(letter.message_id.encode() or raw).hexdigest()
    if not _is_first(address, digest, at):
        return None
    drafts = Draft.objects.filter(partner_id=address.partner_id, owner_id=address.owner_id)
    draft = _draft(address, letter, at) if drafts.count() < MAX_DRAFTS else None
    notify(
        kind="referral.mail_draft",
        key=f"mail:{address.id}:{digest}",
        user_id=address.owner_id,
        facts={"company": draft.company if draft else "", "is_full": draft is None},
        path=f"referrals/new/?draft={draft.id}" if draft else "referrals/drafts/",
        partner_id=address.partner_id,
        at=at,
    )
    return draft


def _address_named(recipient: str) -> MailAddress | None:
    name, _, domain = recipient.strip().lower().partition("@")
    if domain != settings.INBOUND_MAIL_DOMAIN:
        return None
    rows = MailAddress.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
    return rows.filter(code_digest=_digest(name.rpartition(".")[2]), revoked_at=None).first()


def _is_first(address: MailAddress, digest: str, at: datetime) -> bool:
    """Note a message; the address is locked, so two copies at once are told apart. Raises TooManyMails."""
    received = MailReceived.objects.filter(address=address)
    if received.filter(digest=digest).exists():
        return False
    if received.filter(at__gt=at - timedelta(days=1)).count() >= MAILS_A_DAY:
        raise TooManyMails(str(address.id))
    MailReceived.objects.create(
        partner_id=address.partner_id, address=address, digest=digest, at=at
    )
    return True


def _draft(address: MailAddress, letter: Letter, at: datetime) -> Draft:
    mine = address.owner.email.lower()
    own = frozenset(filter(None, {mine, canonical_domain(mine), canonical_domain(letter.sender)}))
    values = form_values(letter, own=own)
    return Draft.objects.create(
        partner_id=address.partner_id,
        program_id=address.program_id,
        owner_id=address.owner_id,
        company=values.get("company", "")[:160],
        email_norm=normalised_email(values.get("contact_email", "")[:254]),
        values=values,
        created_at=at,
        saved_at=at,
    )


def _code_of(address: MailAddress) -> str:
    """Return the secret part: 100 bits in small letters and digits, since mail servers change capitals."""
    message = f"mail-address:{current_scope().tenant_id}:{address.id}"
    digest = hmac.new(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:20]


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _tell(name: str, address: MailAddress, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"mail_address:{address.id}",
        actor=actor,
        partner_id=address.partner_id,
        payload={"mail_address_id": str(address.id), "program_id": str(address.program_id)},
        at=at,
        queue=False,
    )
