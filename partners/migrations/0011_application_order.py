"""The queue by score, and its tabs counted for one source or campaign, walk an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0010_application_lookups")]

    operations = [
        migrations.AddIndex(
            model_name="application",
            index=models.Index(
                fields=["tenant", "state", "score", "submitted_at", "id"], name="application_score"
            ),
        ),
        migrations.RemoveIndex(model_name="application", name="application_source"),
        migrations.RemoveIndex(model_name="application", name="application_campaign"),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(
                fields=["tenant", "source", "state"], name="application_source_state"
            ),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(
                fields=["tenant", "campaign", "state"], name="application_campaign_state"
            ),
        ),
    ]
