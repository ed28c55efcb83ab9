"""Invitations by the operator, and the table that stands in for the cache when it is away."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prm", "0002_protect")]

    operations = [
        migrations.AlterField(
            model_name="invitation",
            name="invited_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        # The shape of django.core.cache.backends.db; rate limits fall back to it (RULES.md, Identity).
        migrations.RunSQL(
            sql="""
            create unlogged table prm_cache_stand_in (
                cache_key varchar(255) primary key,
                value text not null,
                expires timestamptz not null
            );
            create index prm_cache_stand_in_expires on prm_cache_stand_in (expires);
            """,
            reverse_sql="drop table prm_cache_stand_in",
        ),
    ]
