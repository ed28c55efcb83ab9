"""`manage.py prepare_demo`: what `make demo` needs before its processes start, in one process."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand

from prm.migrating import migrating_quickly


class Command(BaseCommand):
    """Migrate, compile texts, collect static files when they changed, and fill an empty database."""

    help = __doc__ or ""

    def handle(self, *_: Any, **__: Any) -> None:
        """Run the steps in order; each is quick when there is nothing to do."""
        with migrating_quickly():
            call_command("prepare_database", verbosity=0)
        call_command("compile_texts", verbosity=0)
        self._collect_static()
        call_command("seed_demo", stdout=self.stdout)

    def _collect_static(self) -> None:
        stamp = Path(settings.STATIC_ROOT) / ".collected"
        now = _fingerprint()
        if stamp.exists() and stamp.read_text() == now:
            return
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(now)


def _fingerprint() -> str:
    """Return a digest of names, sizes and times of every static file."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            state = Path(storage.path(name)).stat()
            digest.update(f"{name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
