"""Agreements are written, published and signed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from partners.agreements.models import Acceptance, AgreementVersion
from partners.agreements.rules import checked_text
from partners.agreements.selectors import (
    SIGNING,
    agreement_due,
    draft_of,
    former_of,
    merged_for,
    version_in_force,
)
from partners.directory.models import Enrollment, Partner, PartnerState
from partners.programs.models import Program
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope


class NothingToPublish(ValueError):
    """The draft lacks something; the words say what."""


class AlreadyPublished(ValueError):
    """A published version is never changed; a new one is written instead."""


class NotToSign(LookupError):
    """The partner is not in the program, or the program has no agreement."""


class TextChanged(ValueError):
    """What would be signed is not what was shown; it has to be read again."""


@transaction.atomic
def save_draft(
    *,
    program_id: UUID,
    texts: Mapping[str, str],
    changes: Mapping[str, str],
    notice_days: int,
    actor: Actor,
    at: datetime,
) -> AgreementVersion:
    """Write the program's next version, or change it: it has one draft at a time. The same again writes nothing.

    texts, changes: markdown per language code; empty ones are left out. Raises rules.BadMergeFields.
    Emits agreement.drafted.
    """
    given = {code: tidy for code, text in texts.items() if (tidy := checked_text(text))}
    words = {code: tidy for code, text in changes.items() if (tidy := text.strip())}
    program = Program.objects.select_for_update(no_key=True).get(id=program_id)
    draft = draft_of(program.id) or AgreementVersion(program=program, created_at=at)
    values = {"texts": given, "changes": words, "notice_days": notice_days}
    if not draft._state.adding and all(getattr(draft, name) == v for name, v in values.items()):
        return draft
    for name, value in values.items():
        setattr(draft, name, value)
    draft.save()
    emit(
        "agreement.drafted",
        subject=f"program:{program.id}",
        actor=actor,
        payload={"version_id": str(draft.id), "program_id": str(program.id)},
        at=at,
        queue=False,
    )
    return draft


@transaction.atomic
def discard_draft(*, program_id: UUID, actor: Actor, at: datetime) -> None:
    """Throw the draft away; without one nothing happens. Emits agreement.draft_discarded."""
    gone, _rows = AgreementVersion.objects.filter(program_id=program_id, number=0).delete()
    if gone:
        emit(
            "agreement.draft_discarded",
            subject=f"program:{program_id}",
            actor=actor,
            payload={"program_id": str(program_id)},
            at=at,
            queue=False,
        )


@transaction.atomic
def publish_version(*, version_id: UUID, actor: Actor, at: datetime) -> AgreementVersion:
    """Number the draft and ask every partner of the program for it; from now on nobody can change it.

    New partners sign it from `at`; those who accepted the former one go on with that for the notice days. A repeat
    returns the published one and does nothing. Raises NothingToPublish. Emits agreement.published.
    """
    version = AgreementVersion.objects.get(id=version_id)
    Program.objects.select_for_update(no_key=True).get(id=version.program_id)
    # Read again behind the lock: of two who publish at once the second finds it done.
    version.refresh_from_db()
    if version.number:
        return version
    former = former_of(version)
    _must_be_ready(version, former)
    version.number = former.number + 1 if former else 1
    version.published_at = at
    version.published_by_id = actor.user_id
    version.binding_from = at + timedelta(days=version.notice_days) if former else at
    version.save()
    emit(
        "agreement.published",
        subject=f"program:{version.program_id}",
        actor=actor,
        payload={"version_id": str(version.id), "program_id": str(version.program_id)},
        changes={"version": [former.number if former else 0, version.number]},
        at=at,
    )
    return version


def _must_be_ready(version: AgreementVersion, former: AgreementVersion | None) -> None:
    if not version.texts:
        raise NothingToPublish(gettext("Write the text first"))
    if former is None:
        return
    if version.texts == former.texts:
        raise NothingToPublish(gettext("The text says the same as the version in force"))
    silent = version.texts.keys() - version.changes.keys()
    if silent:
        raise NothingToPublish(gettext("Say in words what changes, in each language of the text"))


@transaction.atomic
def accept(
    *,
    version_id: UUID,
    partner_id: UUID,
    shown_hash: str,
    language: str,
    signer_name: str,
    signer_title: str,
    ip: str | None,
    user_agent: str,
    actor: Actor,
    at: datetime,
) -> Acceptance:
    """Keep one person's yes for a partner, with the text as it was shown and where it came from.

    shown_hash: SHA-256 of the text on the signer's screen; language: its language. A second yes to the same version
    returns the first. Raises NotToSign, TextChanged (a newer version, or other terms, by now).
    Emits agreement.accepted.
    """
    first = Acceptance.objects.filter(version_id=version_id, partner_id=partner_id).first()
    if first is not None:
        return first
    version = _to_sign(version_id, partner_id)
    if version is None or actor.user_id is None:
        raise NotToSign(version_id)
    newest = version_in_force(version.program_id, at)
    partner = Partner.objects.get(id=partner_id)
    shown = merged_for(version, partner=partner, language=language, at=at)
    if newest is None or newest.id != version.id or shown.digest != shown_hash:
        raise TextChanged(version_id)
    acceptance = Acceptance(
        version=version,
        program_id=version.program_id,
        partner_id=partner_id,
        user_id=actor.user_id,
        signer_name=signer_name.strip(),
        signer_title=signer_title.strip(),
        accepted_at=at,
        ip=ip,
        user_agent=user_agent[:300],
        language=shown.language,
        text=shown.text,
        text_hash=shown.digest,
        terms=shown.terms,
    )
    try:
        with transaction.atomic():
            acceptance.save(force_insert=True)
    except IntegrityError as clash:
        if "acceptance_once" not in str(clash):
            raise
        return Acceptance.objects.get(version_id=version_id, partner_id=partner_id)
    _tell_accepted(acceptance, version, actor=actor)
    return acceptance


def _tell_accepted(acceptance: Acceptance, version: AgreementVersion, *, actor: Actor) -> None:
    emit(
        "agreement.accepted",
        subject=f"partner:{acceptance.partner_id}",
        actor=actor,
        partner_id=acceptance.partner_id,
        payload={
            "acceptance_id": str(acceptance.id),
            "partner_id": str(acceptance.partner_id),
            "program_id": str(version.program_id),
            "version_id": str(version.id),
        },
        changes={"version": ["", str(version.number)], "text_hash": ["", acceptance.text_hash]},
        at=acceptance.accepted_at,
    )


def _to_sign(version_id: UUID, partner_id: UUID) -> AgreementVersion | None:
    """Return a published version of a program in which the active partner may sign; None for any other."""
    version = (
        AgreementVersion.objects.select_related("program")
        .filter(id=version_id, number__gt=0)
        .first()
    )
    if version is None:
        return None
    enrolled = Enrollment.objects.filter(
        partner_id=partner_id,
        program_id=version.program_id,
        state__in=SIGNING,
        partner__state=PartnerState.ACTIVE,
    )
    return version if enrolled.exists() else None


@transaction.atomic
def remind(*, partner_id: UUID, program_id: UUID, actor: Actor, at: datetime) -> bool:
    """Ask a partner's signers by mail to sign what is due; False when nothing is. Emits agreement.reminded.

    Their mail names the version: a second reminder by hand of the same version on the same day reaches nobody twice.
    """
    due = agreement_due(partner_id, program_id, at)
    if due is None:
        return False
    emit(
        "agreement.reminded",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload={
            "partner_id": str(partner_id),
            "program_id": str(program_id),
            "version_id": str(due.version.id),
        },
        at=at,
    )
    return True


def ask_for_pdf(acceptance: Acceptance) -> None:
    """Ring the worker for the copy of a signed agreement after the commit."""
    from partners.agreements.tasks import make_agreement_pdf  # noqa: PLC0415  the worker's side

    tenant_id, acceptance_id = current_scope().tenant_id, str(acceptance.id)
    transaction.on_commit(
        lambda: make_agreement_pdf.delay(tenant_id=tenant_id, acceptance_id=acceptance_id),
        robust=True,
    )
