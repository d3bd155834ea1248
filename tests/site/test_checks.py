"""Wrong settings are told with a hint, and a deployment's settings are clean."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from oncall_site import checks

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "SITE_URL": "https://oncall.example.com",
    "SECRET_KEY": "k3y" * 30 + "abcdefghij",
    "DATABASE_URL": "postgres://tandem@db.example.com/tandem",
    "REDIS_URL": "redis://broker.example.com",
    "EMAIL_URL": "smtp://mail.example.com",
}


def check_deploy(**environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_settings_are_clean(tmp_path):
    done = check_deploy(DATA_DIR=str(tmp_path), **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_a_secret_key_is_made_where_none_is_given_and_is_good_enough(tmp_path):
    settings = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}
    assert check_deploy(DATA_DIR=str(tmp_path), **settings).returncode == 0


@pytest.mark.parametrize(
    ("left_out", "code"),
    [
        ("SITE_URL", "tandem.W001"),
        ("EMAIL_URL", "tandem.W002"),
        ("DATABASE_URL", "tandem.W003"),
        ("REDIS_URL", "tandem.W004"),
    ],
)
def test_what_a_deployment_lacks_is_told(tmp_path, left_out, code):
    settings = {name: value for name, value in PRODUCTION.items() if name != left_out}
    done = check_deploy(DATA_DIR=str(tmp_path), **settings)
    assert done.returncode == 1
    assert code in done.stderr
    assert "HINT" in done.stderr


def codes(found: list) -> list[str]:
    return [message.id for message in found]


def test_the_defaults_agree():
    assert codes(checks.settings_agree(None)) == []


@pytest.mark.parametrize(
    "address", ["oncall.example.com", "ftp://oncall.example.com", "https://", "https://a.example/x"]
)
def test_a_site_url_that_is_no_address_is_told(settings, address):
    settings.SITE_URL = address
    assert codes(checks.settings_agree(None)) == ["tandem.E001"]


def test_a_lease_shorter_than_the_timeouts_is_told(settings):
    settings.DELIVERY_LEASE = timedelta(seconds=14)
    assert codes(checks.settings_agree(None)) == ["tandem.E002"]


def test_a_warning_that_would_never_end_is_told(settings):
    settings.HORIZON_WARNING = settings.HORIZON
    assert codes(checks.settings_agree(None)) == ["tandem.E003"]
