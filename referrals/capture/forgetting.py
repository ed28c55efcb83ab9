"""What is erased of a person: in referrals and all that was written, kept or mailed about them."""

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower

from prm.events.models import Event
from prm.jobs.files import remove_private
from prm.jobs.models import Job
from prm.notices.models import Mail, Notice
from prm.uploads.services import remove_upload
from referrals.attribution.models import Case
from referrals.capture.models import BulkSubmission, Draft, Question, ReferralFile
from referrals.pipeline.erasing import Erasure, erases, rewrite, rewrite_file
from referrals.pipeline.models import Referral, ReferralNote, StageChange
from referrals.pipeline.rules import normalised_company
from referrals.revenue.models import Customer

# Behind every prefix of a key, in the order of texts.
_LAST = "\U0010ffff"


@erases("referrals")
def forget_contacts(erasure: Erasure) -> int:
    """Leave the pseudonym for the name, nothing of the rest; numbers, stages, deals and moments stay."""
    rows = Referral.objects.filter(id__in=erasure.referral_ids)
    for row in rows:
        rewrite(row, ("next_step", "product", "channel", "campaign"), erasure)
    count = rows.update(
        contact_name=erasure.pseudonym,
        contact_title="",
        contact_email="",
        email_norm="",
        contact_phone="",
        context="",
        custom={},
        contact_hidden=False,
        erased_at=erasure.at,
    )
    rows.filter(company__in=erasure.companies).update(
        company=erasure.pseudonym,
        company_norm=normalised_company(erasure.pseudonym),
        website="",
        domain="",
        tax_id="",
        tax_id_norm="",
    )
    return count


@erases("customers")
def forget_customers(erasure: Erasure) -> int:
    """Take the address from the customers they became, and the name where it is the person's own."""
    rows = Customer.objects.filter(referral_id__in=erasure.referral_ids)
    rows.filter(name__in=erasure.companies).update(name=erasure.pseudonym, domain="")
    return rows.update(email_norm="")


@erases("notes")
def forget_in_notes(erasure: Erasure) -> int:
    """Put the pseudonym where notes name the person."""
    notes = ReferralNote.objects.filter(referral_id__in=erasure.referral_ids)
    return sum(rewrite(note, ("text",), erasure) for note in notes)


@erases("questions")
def forget_in_questions(erasure: Erasure) -> int:
    """Put the pseudonym where questions and answers name the person."""
    questions = Question.objects.filter(referral_id__in=erasure.referral_ids)
    return sum(rewrite(question, ("text", "answer"), erasure) for question in questions)


@erases("drafts")
def forget_drafts(erasure: Erasure) -> int:
    """Throw away what somebody had begun to write about the person."""
    mine = Q(recalled_from_id__in=erasure.referral_ids)
    if erasure.email:
        mine |= Q(email_norm=erasure.email)
    return Draft.objects.filter(mine).delete()[0]


@erases("files")
def forget_files(erasure: Erasure) -> int:
    """Remove the files kept with the referrals; that there were any stays."""
    files = list(ReferralFile.objects.filter(referral_id__in=erasure.referral_ids, removed_at=None))
    for file in files:
        remove_upload(upload_id=file.upload_id, actor=erasure.actor, at=erasure.at)
    ReferralFile.objects.filter(id__in=[file.id for file in files]).update(removed_at=erasure.at)
    return len(files)


@erases("mails")
def forget_mails(erasure: Erasure) -> int:
    """Delete mails to the person, sent or waiting, and put the pseudonym into those about them."""
    own = Mail.objects.annotate(to_lower=Lower("to"))
    addresses = [name.lower() for name in (*erasure.names, erasure.email) if "@" in name]
    count = own.filter(to_lower__in=addresses).delete()[0]
    about = Mail.objects.filter(_about(erasure))
    return count + sum(rewrite(mail, ("subject", "text", "html"), erasure) for mail in about)


@erases("notices")
def forget_in_notices(erasure: Erasure) -> int:
    """Put the pseudonym into the portal's notices about the person."""
    count = 0
    for notice in Notice.objects.filter(_about(erasure)):
        facts = erasure.without_in(notice.facts)
        if facts != notice.facts:
            Notice.objects.filter(id=notice.id).update(facts=facts)
            count += 1
    return count


@erases("bulk rows")
def forget_in_bulk_files(erasure: Erasure) -> int:
    """Put the pseudonym into partners' files that wait to be sent; results of sent ones go whole."""
    waiting = BulkSubmission.objects.exclude(stored="")
    count = sum(rewrite_file(row, "stored", erasure) for row in waiting)
    partners = Referral.objects.filter(id__in=erasure.referral_ids).values("partner_id")
    sent = BulkSubmission.objects.filter(partner_id__in=partners, job_id__isnull=False)
    for job in Job.objects.filter(id__in=sent.values("job_id")).exclude(file=""):
        transaction.on_commit(partial(remove_private, job.file))
        Job.objects.filter(id=job.id).update(file="", file_expires_at=None)
        count += 1
    return count


def _about(erasure: Erasure) -> Q:
    """Return the condition on keys of what was told about the referrals and their cases, walked by their index."""
    ids = erasure.referral_ids
    cases = Case.objects.filter(Q(referral_id__in=ids) | Q(subject_id__in=ids))
    subjects = [f"referral:{key}" for key in ids]
    subjects += [f"case:{key}" for key in cases.values_list("id", flat=True)]
    prefixes: list[str] = []
    for name, rows in (
        ("stage_change", StageChange.objects.filter(referral_id__in=ids)),
        ("question", Question.objects.filter(referral_id__in=ids)),
        ("event", Event.objects.filter(subject__in=subjects)),
    ):
        keys: Iterable[int | UUID] = rows.values_list("id", flat=True)
        prefixes += [f"{name}:{key}" for key in keys]
    prefixes += [f"referral:{key}" for key in ids]
    found = Q(pk__in=[])
    for prefix in prefixes:
        found |= Q(key=prefix) | Q(key__gte=f"{prefix}:", key__lt=f"{prefix}:{_LAST}")
    return found
