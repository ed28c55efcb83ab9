"""Another process: books all commissions of the tenant that is named, as a worker would, and ends."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
django.setup()

from commissions.accruals.services import accrue_pending  # noqa: E402  after django
from tests.bench.population import NOW  # noqa: E402

accrue_pending(int(sys.argv[1]), at=NOW)
