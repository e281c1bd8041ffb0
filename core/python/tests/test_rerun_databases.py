"""Databases that cannot be copied: a transaction that Django does not know of, and that is taken back."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest
from servers import PROJECT, ROOT
from test_rerun_worker import Worker, own

pytestmark = pytest.mark.skipif(version("djust").startswith("1.1"), reason="turns are run again on djust 1.2")

VIEW = "shop.views.hazards.HazardsView"

# What a project does with a connection, and how it goes in a server without any transaction around it.
DEEDS = """
import os, sys
import django
sys.path.insert(0, {python!r})
os.environ["DJANGO_SETTINGS_MODULE"] = "site_config.settings"
django.setup()
from django.db import IntegrityError, connection, transaction
from djscope_rerun.hidden import HiddenTransaction
from shop.models import Category

refused = []
before = sorted(Category.objects.values_list("name", flat=True))
held = HiddenTransaction(connection, lambda *told: refused.append(told))
seen = []

Category.objects.create(name="alone")
try:
    Category.objects.create(name="alone")
except IntegrityError:
    seen.append("twice")
seen.append(Category.objects.filter(name="alone").count())

with transaction.atomic():
    transaction.on_commit(lambda: seen.append("committed"))
    Category.objects.create(name="kept")
    try:
        with transaction.atomic():
            Category.objects.create(name="inner")
            raise ValueError
    except ValueError:
        pass
try:
    with transaction.atomic():
        Category.objects.create(name="lost")
        transaction.on_commit(lambda: seen.append("never"))
        raise ValueError
except ValueError:
    pass
seen.append(sorted(set(Category.objects.values_list("name", flat=True)) - set(before)))

connection.close()
seen.append(Category.objects.filter(name="kept").count())
transaction.set_autocommit(False)
Category.objects.create(name="by hand")
transaction.rollback()
Category.objects.create(name="by hand again")
transaction.commit()
transaction.set_autocommit(True)
seen.append(sorted(set(Category.objects.values_list("name", flat=True)) - set(before)))

for sql in ("COMMIT", "/* so */ commit", "-- so\\nROLLBACK", "SELECT 1; COMMIT", "BEGIN"):
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
        seen.append("went through: " + sql)
    except PermissionError:
        pass
seen.append(len(refused))
held.end()
assert connection.get_autocommit() and not connection.in_atomic_block
after = sorted(Category.objects.values_list("name", flat=True))
assert after == before, (before, after)
assert seen == [
    "twice", 1, "committed", ["alone", "kept"], 1, ["alone", "by hand again", "kept"], 5,
], seen
print("all as in autocommit")
"""


def do_deeds(**environment):
    done = subprocess.run(
        [sys.executable, "-c", DEEDS.format(python=str(ROOT / "core" / "python"))], cwd=PROJECT,
        env={**os.environ, **environment}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "all as in autocommit\n", done.stdout + done.stderr


def test_sqlite_goes_on_as_in_autocommit(tmp_path):
    environment = {"DJSCOPE_TEST_DB": str(tmp_path / "db.sqlite3")}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=PROJECT, check=True, env={**os.environ, **environment}
    )
    do_deeds(**environment)


@pytest.fixture(scope="module")
def postgres():
    """The folder of the socket of a PostgreSQL of our own, with the project's tables."""
    pytest.importorskip("psycopg")
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="djscope-postgres-", dir="/tmp"))
    # It refuses to run as root.
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, "postgres")
    folder.chmod(0o755)
    data = str(folder / "data")
    subprocess.run(
        [programs[-1] + "/initdb", "-D", data, "-U", "postgres", "-A", "trust"],
        check=True, capture_output=True, cwd="/", **user,
    )  # fmt: skip
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    subprocess.run(
        [programs[-1] + "/pg_ctl", "-D", data, "-w", "-l", data + "/log", "-o", options, "start"],
        check=True, stdout=subprocess.DEVNULL, cwd="/", **user,
    )  # fmt: skip
    try:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"], cwd=PROJECT, check=True,
            env={**os.environ, "DJSCOPE_TEST_POSTGRES": str(folder)},
        )  # fmt: skip
        yield folder
    finally:
        subprocess.run([programs[-1] + "/pg_ctl", "-D", data, "-m", "immediate", "stop"], cwd="/", **user)
        shutil.rmtree(folder, ignore_errors=True)


def rows(folder):
    """Every row of every table."""
    import psycopg

    with psycopg.connect(host=str(folder), dbname="postgres", user="postgres") as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
        ).fetchall()
        return {name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"'))) for (name,) in names}


def test_postgresql_goes_on_as_in_autocommit(postgres):
    before = rows(postgres)
    do_deeds(DJSCOPE_TEST_POSTGRES=str(postgres))
    assert rows(postgres) == before


def test_a_run_leaves_every_row_of_postgresql_as_it_is(postgres, tmp_path):
    before = rows(postgres)
    worker = Worker(tmp_path, tmp_path / "none", DJSCOPE_TEST_POSTGRES=str(postgres))
    try:
        assert worker.ready["databases"] == {"default": "transaction"}
        worker.begin(seconds=2)
        worker.mount(VIEW, "/hazards/")
        saved = own(worker.event("save"), "event")["after"]["public"]
        assert (saved["done"], saved["count"]) == ("committed", len(before["shop_category"]) + 1)
        ended = worker.event("commit")
        assert ended["held_back"] == [
            {"kind": "db-write", "wanted": "end the transaction by hand", "of": "COMMIT", "times": 1}
        ]
        threaded = worker.event("from_thread")
        assert own(threaded, "event")["after"]["public"]["done"] == "Blocked"
        assert threaded["held_back"][0]["wanted"] == "open a second connection to the database"
        # What is written lives as long as the run, and ends with it, also if its process is ended.
        assert rows(postgres) == before
        assert worker.event("leave")["end"]["exit"] == 3
        assert rows(postgres) == before
        worker.mount(VIEW, "/hazards/")
        worker.event("save")
        worker.say(type="end")
        worker.begin()
        worker.mount(VIEW, "/hazards/")
    finally:
        worker.close()
    assert rows(postgres) == before
