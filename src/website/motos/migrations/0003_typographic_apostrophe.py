from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("motos", "0002_one_apostrophe"),
    ]

    operations = [
        migrations.AlterField(
            model_name="picture",
            name="alternative_text",
            field=models.CharField(
                help_text="Ce que l’image montre, pour qui ne la voit pas.",
                max_length=200,
                verbose_name="texte de remplacement",
            ),
        ),
    ]
