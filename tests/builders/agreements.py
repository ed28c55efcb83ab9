"""Builders of agreements and signatures; a scope must be open."""

from datetime import datetime
from typing import Any

from partners.agreements.models import Acceptance, AgreementVersion
from partners.agreements.selectors import merged_for
from partners.agreements.services import accept, publish_version, save_draft
from partners.directory.models import Partner
from partners.directory.services import enroll
from partners.programs.models import Program
from prm.accounts.models import User
from prm.events.services import SYSTEM, Actor
from prm.jobs.files import private_root
from prm.web.papers import keep_paper
from tests.builders.objects import Cast, builds
from tests.builders.partners import LONG_AGO, a_program

TEXT = """# Terms

{{ vendor_legal_name }} and {{ partner_legal_name }} agree on {{ program }}.

You introduce companies; you need not sell.
"""


def an_agreement(
    program: Program,
    text: str = TEXT,
    *,
    at: datetime = LONG_AGO,
    notice_days: int = 30,
    changes: str = "The words are clearer.",
    publish: bool = True,
    **texts: str,
) -> AgreementVersion:
    """Write the program's next version, published unless told."""
    version = save_draft(
        program_id=program.id,
        texts={"en": text, **texts},
        changes=dict.fromkeys(["en", *texts], changes),
        notice_days=notice_days,
        actor=SYSTEM,
        at=at,
    )
    return publish_version(version_id=version.id, actor=SYSTEM, at=at) if publish else version


def a_signature(
    version: AgreementVersion,
    partner: Partner,
    user: User,
    *,
    at: datetime = LONG_AGO,
    **facts: Any,
) -> Acceptance:
    """Sign a version for a partner."""
    shown = merged_for(version, partner=partner, language="en", at=at)
    given = {
        "shown_hash": shown.digest,
        "language": shown.language,
        "signer_name": "Ann Signer",
        "signer_title": "Director",
        "ip": "203.0.113.9",
        "user_agent": "Browser/1.0",
    }
    return accept(
        version_id=version.id,
        partner_id=partner.id,
        actor=Actor(user_id=user.id, name="Ann Signer"),
        at=at,
        **{**given, **facts},
    )


@builds("signed_program")
def the_signed_program(cast: Cast) -> object:
    """A program whose agreement the cast's partner has signed."""
    return _signed(cast).program_id


@builds("acceptance")
def the_acceptance(cast: Cast) -> object:
    """The signature of the cast's partner."""
    return _signed(cast).id


@builds("agreement_version")
def the_draft(cast: Cast) -> object:
    """A draft of a program."""
    program = Program.objects.filter(slug="drafted").first() or a_program("Drafted")
    return an_agreement(program, publish=False).id


def _signed(cast: Cast) -> Acceptance:
    first = Acceptance.objects.filter(partner_id=cast.partner.id).first()
    if first is not None:
        return first
    program = Program.objects.filter(slug="signed").first() or a_program("Signed")
    enroll(partner_id=cast.partner.id, program_id=program.id, actor=SYSTEM, at=LONG_AGO)
    version = AgreementVersion.objects.filter(program=program, number=1).first() or an_agreement(
        program
    )
    signed = a_signature(version, cast.partner, cast.partner_admin)
    signed.pdf = f"{signed.tenant_id}/agreements/{signed.id}.pdf"
    keep_paper(private_root() / signed.pdf, b"%PDF-1.7")
    signed.save(update_fields=["pdf"])
    return signed
