"""Collect the texts of the code and templates into the catalogues; a developer's tool that needs GNU gettext."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

DATED = re.compile(r'"(POT-Creation-Date|PO-Revision-Date): [^"]*"')


class Command(BaseCommand):
    """`manage.py collect_texts`: makemessages without the line numbers and dates that only make noise."""

    help = "Bring the translation catalogues up to date with the code."

    def handle(self, *args: Any, **options: Any) -> None:
        # The texts in the code are the English ones; only other languages have a catalogue.
        languages = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
        call_command(
            "makemessages",
            locale=languages,
            extensions=["html", "txt", "py"],
            ignore_patterns=[
                ".venv/*",
                ".data/*",
                "tests/*",
                # Found by walking, it would be a second catalogue beside the one of the settings.
                "prm/locale/*",
                "bench/*",
                "static/*",
                "node_modules/*",
            ],
            add_location="file",
            no_wrap=True,
            no_obsolete=True,
            keep_pot=False,
            verbosity=options["verbosity"],
        )
        for folder in settings.LOCALE_PATHS:
            for source in Path(folder).glob("*/LC_MESSAGES/django.po"):
                text = source.read_text()
                # The date of a run is no change worth a commit.
                source.write_text(DATED.sub(r'"\1: 2026-11-22 00:00+0000\\n"', text))
