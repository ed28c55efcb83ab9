"""What PostgreSQL reads for a statement."""

import json
from typing import Any

from django.db import connection


def pages_read(statement: str) -> int:
    """Return how many pages of the database a statement reads, as the app role behind the policies."""
    with connection.cursor() as cursor:
        cursor.execute(f"explain (analyze, buffers, format json) {statement}")
        plan: Any = cursor.fetchone()[0]
    plan = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
