from decimal import Decimal

from django.db import migrations

CATEGORIES = [
    "Bread",
    "Cheese",
    "Fruit",
    "Garden",
    "Kitchen",
    "Paper",
    "Spices",
    "Tea",
    "Tools",
    "Toys",
]
KINDS = [
    "blue", "small", "old", "round", "spring", "winter", "double", "plain", "fine", "heavy",
    "quiet", "bright", "long", "short", "warm", "green", "red", "soft", "dry", "early",
]  # fmt: skip


def fill(apps, schema_editor):
    """Two hundred products, the same on every machine."""
    category_model = apps.get_model("shop", "Category")
    product_model = apps.get_model("shop", "Product")
    for shelf, name in enumerate(CATEGORIES):
        category = category_model.objects.create(name=name)
        product_model.objects.bulk_create(
            product_model(
                name=f"{name} {kind}",
                category=category,
                price=Decimal(199 + 37 * shelf + 11 * index) / 100,
                quantity=(shelf * 7 + index * 3) % 40,
                description=f"{kind.capitalize()} {name.lower()} from shelf {shelf + 1}.",
            )
            for index, kind in enumerate(KINDS)
        )


def empty(apps, schema_editor):
    apps.get_model("shop", "Category").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(fill, empty)]
