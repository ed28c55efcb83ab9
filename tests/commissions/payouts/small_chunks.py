"""Small chunks of a bank's answer, so that a kill falls between two commits as often as inside one."""

from commissions.results import jobs

jobs.CHUNK = 1  # type: ignore[attr-defined]
