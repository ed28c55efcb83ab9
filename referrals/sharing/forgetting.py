"""What sharing holds of a person who is erased: what an address said, and requests that became no referral."""

from django.db.models import Q

from partners.programs.models import Program
from prm.notices.models import Mail, Notice
from referrals.pipeline.erasing import Erasure, erases, rewrite
from referrals.sharing.leads import direct_key
from referrals.sharing.models import Lead

# Behind every prefix of a key, in the order of texts.
_LAST = "\U0010ffff"


@erases("leads")
def forget_in_leads(erasure: Erasure) -> int:
    """Put the pseudonym where the parameters of an address name the person."""
    count = 0
    for lead in Lead.objects.filter(referral_id__in=erasure.referral_ids):
        utm = erasure.without_in(lead.utm)
        if utm != lead.utm:
            count += Lead.objects.filter(id=lead.id).update(utm=utm)
    return count


@erases("direct requests")
def forget_direct_requests(erasure: Erasure) -> int:
    """Put the pseudonym into what the vendor's people were told of the person's requests that were no partner's."""
    if not erasure.email:
        return 0
    told = Q(pk__in=[])
    for program_id in Program.objects.values_list("id", flat=True):
        prefix = direct_key(program_id, erasure.email)
        told |= Q(key__gte=f"{prefix}:", key__lt=f"{prefix}:{_LAST}")
    count = sum(
        rewrite(mail, ("subject", "text", "html"), erasure) for mail in Mail.objects.filter(told)
    )
    for notice in Notice.objects.filter(told):
        facts = erasure.without_in(notice.facts)
        if facts != notice.facts:
            count += Notice.objects.filter(id=notice.id).update(facts=facts)
    return count
