"""What djust takes to make JSON of 1,000 models: beside "live/1,000 models as JSON" of `cargo bench -p djscope-live`.

    python encode_models.py [--rounds 9]
"""

import argparse
import json
import statistics
import time
from decimal import Decimal

import django
from django.conf import settings

settings.configure(INSTALLED_APPS=[], USE_TZ=True)
django.setup()

from django.db import models  # noqa: E402
from djust.serialization import DjangoJSONEncoder, normalize_django_value  # noqa: E402


class Product(models.Model):
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=100)
    amount = models.IntegerField()
    is_active = models.BooleanField()
    price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        app_label = "shop"

    def __str__(self):
        return self.name


def products(count):
    return [
        Product(
            pk=pk,
            name=f"Product number {pk}",
            description="Steel, 40 mm, a hundred in a box",
            amount=pk % 17,
            is_active=pk % 2 == 0,
            price=Decimal("19.90"),
        )
        for pk in range(count)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    rows = products(1000)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        json.dumps(normalize_django_value(rows), cls=DjangoJSONEncoder)
        times.append((time.perf_counter() - start) * 1000)
    print(f"djust, 1,000 models as JSON: {statistics.median(times):.2f} ms (median of {rounds})")


if __name__ == "__main__":
    main()
