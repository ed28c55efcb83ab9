import django.db.models.functions.text
from django.db import migrations, models
from django.db.models.expressions import CombinedExpression


class Migration(migrations.Migration):

    dependencies = [
        ('prm', '0008_waiting_uploads'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='name_norm',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.text.Lower('name'), output_field=models.CharField(max_length=120)),
        ),
        migrations.AddField(
            model_name='user',
            name='surname_norm',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.text.Lower(django.db.models.functions.text.Substr('name', CombinedExpression(django.db.models.functions.text.StrIndex('name', models.Value(' ')), '+', models.Value(1)))), output_field=models.CharField(max_length=120)),
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(fields=['name_norm', 'id'], name='user_name'),
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(fields=['surname_norm', 'id'], name='user_surname'),
        ),
    ]
