"""The onboarding in a program's publish checklist."""

from datetime import datetime

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from partners.onboarding.models import Track
from partners.programs.checklist import Finding, checks
from partners.programs.models import Program
from partners.programs.texts import said


@checks("track", order=60, title=gettext_lazy("Onboarding track"), page="partners:track-list")
def track_check(program: Program, _at: datetime) -> Finding:
    """New partners have a track to start on."""
    tracks = Track.objects.filter(
        program_id=program.id, published_at__isnull=False, archived_at=None
    ).order_by("position", "id")
    names = [said(track.name, get_language() or "en") for track in tracks]
    if not names:
        return Finding(_("Publish a track for new partners"))
    return Finding(note=", ".join(names))
