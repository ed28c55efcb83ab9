"""Notices about jobs."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.jobs.runners import runner_of
from prm.notices.kinds import kind


@kind("job.done", label=_("Long work of yours has finished"), default_email=False)
def job_done(facts: dict[str, Any]) -> str:
    """Say what has finished."""
    return gettext("Finished: %(name)s") % {"name": _name(facts)}


@kind("job.failed", label=_("Long work of yours has failed"))
def job_failed(facts: dict[str, Any]) -> str:
    """Say what has not."""
    return gettext("Did not finish: %(name)s") % {"name": _name(facts)}


def _name(facts: dict[str, Any]) -> str:
    found = runner_of(facts.get("kind", ""))
    return str(found.label) if found else str(facts.get("kind", ""))
