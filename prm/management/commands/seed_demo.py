"""Fill an empty installation with the demo's two vendors and their year."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from prm.accounts.capabilities import Role
from prm.demo.seed import seed_tenant
from prm.demo.story import PASSWORD
from prm.demo.tenants import TENANTS


class Command(BaseCommand):
    """A repeat leaves tenants that exist alone and writes the logins again."""

    help = "Make the demo tenants with a year of history, and write their logins to DATA_DIR/demo-logins.txt."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        for story in TENANTS:
            self.stdout.write(f"Demo tenant {story.name}")
            seed_tenant(story, now=now, say=self.stdout.write)
        self.write_logins()

    def write_logins(self) -> None:
        """Write one login per role and tenant where the process manager finds and prints it."""
        lines = []
        for story in TENANTS:
            lines.append(f"{story.name}  {settings.PUBLIC_ORIGIN}/{story.slug}/")
            people = [*story.partners[0].people[:2], *story.staff]
            lines += [
                f"  {Role(person.role).label!s:<16} {person.email:<30} {PASSWORD}"
                for person in people
            ]
        folder = Path(settings.DATA_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "demo-logins.txt").write_text("\n".join(lines) + "\n")
        self.stdout.write("\n".join(lines))
