"""Every variable that is read is explained, and whatever stands in them is taken as it is meant."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r"""(?:env\.\w+\(|environ\.get\()"([A-Z_]+)\"""")


def read_settings(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"from oncall_site import settings; {program}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_every_variable_that_is_read_is_in_the_documentation():
    sources = ["oncall_site/settings.py", "oncall_site/bootstrap.py", "oncall_site/management/commands/run.py"]
    names = {name for source in sources for name in READ.findall((ROOT / source).read_text())}
    documented = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text()))
    assert names == documented


@pytest.mark.parametrize("folder", ["with space", "with#sign", "with?mark", "mit-ümlaut"])
def test_any_folder_can_hold_the_data(tmp_path, folder):
    said = read_settings("print(settings.DATABASES['default']['NAME'])", DATA_DIR=str(tmp_path / folder))
    assert said == str(tmp_path / folder / "tandem.sqlite3")


def test_variables_that_are_set_to_nothing_are_as_good_as_unset(tmp_path):
    empty = {"DATABASE_URL": "", "REDIS_URL": "", "EMAIL_URL": "", "SECRET_KEY": ""}
    program = "print(settings.DATABASES['default']['ENGINE'], settings.EMAIL_URL == '')"
    assert read_settings(program, DATA_DIR=str(tmp_path), **empty) == "django.db.backends.sqlite3 True"


def test_an_https_address_turns_on_what_https_needs(tmp_path):
    program = "print(settings.SESSION_COOKIE_SECURE, settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS > 0)"
    plain = read_settings(program, DATA_DIR=str(tmp_path))
    secure = read_settings(program, DATA_DIR=str(tmp_path), SITE_URL="https://oncall.example.com")
    assert (plain, secure) == ("False False False", "True True True")


def test_the_secret_key_is_made_once_and_readable_by_its_owner_alone(tmp_path):
    first = read_settings("print(settings.SECRET_KEY)", DATA_DIR=str(tmp_path))
    assert read_settings("print(settings.SECRET_KEY)", DATA_DIR=str(tmp_path)) == first
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("scheme", "tls", "ssl"), [("smtp", False, False), ("smtp+tls", True, False), ("smtp+ssl", False, True)]
)
def test_mail_is_encrypted_as_its_address_says(tmp_path, scheme, tls, ssl):
    program = "print(getattr(settings, 'EMAIL_USE_TLS', False), getattr(settings, 'EMAIL_USE_SSL', False))"
    said = read_settings(program, DATA_DIR=str(tmp_path), EMAIL_URL=f"{scheme}://user:password@mail.example.com:587")
    assert said == f"{tls} {ssl}"


def test_a_timeout_of_half_a_second_holds_for_every_channel(tmp_path):
    said = read_settings(
        "print(settings.CHANNEL_TIMEOUT.total_seconds(), settings.EMAIL_TIMEOUT)",
        DATA_DIR=str(tmp_path),
        CHANNEL_TIMEOUT="0.5",
    )
    assert said == "0.5 0.5"
