from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Effect",
            fields=[("id", models.BigAutoField(primary_key=True)), ("token", models.CharField(max_length=40))],
        ),
    ]
