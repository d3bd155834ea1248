"""From a clone to a start: whatever stands in the way is one sentence that says what to do."""

import ast
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from oncall_site import bootstrap

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "oncall_site" / "bootstrap.py"


def start(tmp_path: Path, *, python: str = sys.executable, program: Path = PROGRAM, **environment: str):
    """Run the bootstrap as `make run` does, with data of its own."""
    return subprocess.run(
        [python, str(program), "run"],
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(done: subprocess.CompletedProcess) -> str:
    """The one sentence: no traceback, one line, a failing exit."""
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


@pytest.fixture
def busy_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield str(holder.getsockname()[1])


@pytest.fixture
def clone(tmp_path):
    """A checkout with nothing installed, whose packages cannot be found."""
    folder = tmp_path / "clone"
    for part in ("oncall_site", "requirements"):
        (folder / part).mkdir(parents=True)
    (folder / "oncall_site" / "bootstrap.py").write_text(PROGRAM.read_text())
    (folder / "requirements" / "embedded.txt").write_text(f"no-such-package==1 --hash=sha256:{'0' * 64}\n")
    return folder


def test_a_busy_port_is_named_and_another_proposed(tmp_path, busy_port):
    said = refusal(start(tmp_path, PORT=busy_port))
    assert f"Port {busy_port} is taken" in said
    assert f"make run PORT={int(busy_port) + 1}" in said


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1"])
def test_a_port_that_is_none_is_told(tmp_path, port):
    assert f"PORT={port} is no port" in refusal(start(tmp_path, PORT=port))


def test_a_host_that_is_not_this_machine_is_told(tmp_path):
    assert "HOST=192.0.2.1 is no address of this machine" in refusal(start(tmp_path, HOST="192.0.2.1", PORT="8099"))


def test_a_folder_that_cannot_be_written_is_told_with_what_to_do(tmp_path):
    said = refusal(start(tmp_path, DATA_DIR="/proc/tandem", PORT="8099"))  # not even root may write there
    assert "/proc/tandem cannot be written" in said
    assert "make run DATA_DIR=" in said


def test_a_file_in_the_place_of_the_data_is_told(tmp_path):
    (tmp_path / "data").write_text("not a folder")
    assert "cannot be written" in refusal(start(tmp_path, PORT="8099"))


def test_data_in_use_is_told_with_who_uses_it(tmp_path):
    (tmp_path / "data").mkdir()
    lock = bootstrap.take_lock(tmp_path / "data")
    try:
        said = refusal(start(tmp_path, PORT="8099"))
    finally:
        os.close(lock)
    assert f"already runs on {tmp_path / 'data'} (process {os.getpid()})" in said


def test_packages_that_cannot_be_fetched_are_told_after_pips_own_reason(tmp_path, clone):
    done = start(tmp_path, program=clone / "oncall_site" / "bootstrap.py", PORT="8099", PIP_NO_INDEX="1")
    assert done.returncode == 1
    assert "no-such-package" in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("The packages could not be installed")
    assert not list((clone / ".venv").glob("installed-*"))


def test_a_missing_venv_module_is_told_with_the_package_that_has_it(tmp_path, clone, monkeypatch):
    monkeypatch.setattr(bootstrap, "CHECKOUT", clone)
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(bootstrap.RefusalError, match="apt install python3-venv"):
        bootstrap.make_environment()


def test_even_python_3_6_can_read_as_far_as_the_sentence():
    ast.parse(PROGRAM.read_text(), feature_version=(3, 6))


def test_nothing_is_imported_that_python_does_not_bring():
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(ast.parse(PROGRAM.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= sys.stdlib_module_names


def test_the_set_for_development_holds_all_that_make_run_needs():
    def pinned(name: str) -> set[str]:
        lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line and not line.startswith(" ")}

    assert pinned("embedded") <= pinned("development")


def test_the_locks_name_no_registry_and_a_hash_for_every_package():
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text, lock
        assert "index-url" not in text, lock
        for block in text.split("\n\n")[0].replace("\\\n", " ").splitlines():
            assert "--hash=sha256:" in block, block


# Everything of ours, and what Celery loads by name only once it runs.
IMPORT_EVERYTHING = """
import django, importlib, pkgutil
django.setup()
import incidents, oncall_site, rotations
for package in (incidents, oncall_site, rotations):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
for name in ("kombu.transport.redis", "celery.apps.beat", "celery.apps.worker", "granian.server"):
    importlib.import_module(name)
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("packages", ["production", "embedded"])
def test_the_locked_packages_alone_are_enough_to_run(tmp_path, packages):
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    lock = ROOT / "requirements" / f"{packages}.txt"
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes", "-r", str(lock)]
    subprocess.run(install, check=True)
    done = subprocess.run(
        [str(python), "-c", IMPORT_EVERYTHING],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "oncall_site.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
