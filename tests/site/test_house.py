"""The house stands: every room is loaded, every beat entry has a task, and history cannot be deleted."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from rotations.people.records import HistoryIsKeptError, Record, RecordQuerySet
from tests.factories import IncidentFactory, OverrideFactory, ShiftFactory

ROOT = Path(__file__).resolve().parents[2]

LOADED = """
import django, sys
django.setup()
from pathlib import Path
from oncall_site.celery import app
app.loader.import_default_modules()
for app_name in ("rotations", "incidents"):
    for module in ("models", "admin", "tasks"):
        for path in Path(app_name).glob(f"*/{module}.py"):
            name = ".".join(path.with_suffix("").parts)
            assert name in sys.modules, f"{name} is not loaded"
for name, entry in app.conf.beat_schedule.items():
    assert entry["task"] in app.tasks, f"{name} names no task: {entry['task']}"
    assert entry["options"]["expires"], f"{name} does not expire"
    assert entry["schedule"] <= 3600, f"{name} never runs where beat starts anew each day without its file"
"""


def test_every_rooms_models_admin_and_tasks_are_loaded_and_every_beat_entry_has_a_task():
    import_in_a_fresh_process = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=ROOT,
        env={
            "DJANGO_SETTINGS_MODULE": "oncall_site.settings",
            "PATH": "/usr/bin:/bin",
            "DATA_DIR": "/tmp/tandem-house",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert import_in_a_fresh_process.returncode == 0, import_in_a_fresh_process.stderr


def test_no_model_of_rotations_points_at_incidents():
    for model in apps.get_app_config("rotations").get_models():
        for field in model._meta.get_fields():
            if field.is_relation and not field.auto_created:
                assert field.related_model._meta.app_label != "incidents", f"{model.__name__}.{field.name}"


def test_every_record_is_read_through_a_manager_that_refuses_to_delete():
    for model in apps.get_models():
        if issubclass(model, Record):
            assert isinstance(model._default_manager.all(), RecordQuerySet), model


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
@pytest.mark.parametrize("factory", [ShiftFactory, OverrideFactory, IncidentFactory])
def test_history_cannot_be_deleted(factory):
    row = factory()
    with pytest.raises(HistoryIsKeptError):
        row.delete()
    with pytest.raises(HistoryIsKeptError):
        type(row).objects.all().delete()
