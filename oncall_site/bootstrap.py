"""From a fresh clone to a running Tandem: `python3 oncall_site/bootstrap.py run`, or `install` for the tests.

The standard library alone, in words that Python 3.6 can still read, so that a wrong Python gets a sentence and not
a traceback. Whatever stands in the way is told in one sentence with what to do about it.
"""

import errno
import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  # whoever reads this line may be older
    sys.exit(
        f"Tandem needs Python 3.11 or newer, and this is {sys.version.split()[0]}. "
        "If another one is installed, name it: make run PYTHON=python3.11"
    )

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
# Each set of packages holds the ones before it.
PACKAGE_SETS = ("embedded", "development")


class RefusalError(Exception):
    """Tandem cannot start; the message says why and what to do."""


def data_dir() -> Path:
    """Where everything is kept: `DATA_DIR`, else the folder `data` of the checkout."""
    return Path(os.environ.get("DATA_DIR") or CHECKOUT / "data").resolve()


def address() -> tuple[str, int]:
    """The host and port to listen on, from `HOST` and `PORT`."""
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise RefusalError(f"PORT={port} is no port: give a number from 1 to 65535, as in make run PORT=8001")
    return os.environ.get("HOST") or "127.0.0.1", int(port)


def check_writable(folder: Path, advice: str) -> None:
    """Make the folder and prove that a file can be written into it, whatever its permissions claim."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=str(folder)):
            pass
    except OSError as refused:
        raise RefusalError(f"{folder} cannot be written ({refused.strerror}): {advice}") from refused


def check_address(host: str, port: int) -> None:
    """Say who is in the way before anything is started."""
    reasons = {
        errno.EADDRINUSE: f"Port {port} is taken: stop what uses it, or choose another: make run PORT={port + 1}",
        errno.EACCES: f"Port {port} needs an administrator's rights: choose one above 1023, as in make run PORT=8000",
        errno.EADDRNOTAVAIL: f"HOST={host} is no address of this machine: leave it out, or use 0.0.0.0 for all",
    }
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror as unknown:
            raise RefusalError(reasons[errno.EADDRNOTAVAIL]) from unknown
        except OSError as refused:
            why = f"Port {port} of {host} cannot be opened ({refused.strerror}): choose another with PORT and HOST"
            raise RefusalError(reasons.get(refused.errno or 0, why)) from refused


def take_lock(folder: Path) -> int:
    """Hold the data for this process alone until it ends; returns the open file that holds it."""
    lock = os.open(str(folder / "run.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        holder = os.read(lock, 20).decode().strip() or "unknown"
        os.close(lock)
        raise RefusalError(
            f"Tandem already runs on {folder} (process {holder}): stop it first, "
            "or keep other data elsewhere: make run DATA_DIR=/another/folder PORT=8001"
        ) from taken
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock


def check_before_running() -> None:
    """Everything that would stop `make run` later, asked before a minute is spent on installing."""
    host, port = address()
    check_writable(data_dir(), "give a folder that you may write: make run DATA_DIR=/another/folder")
    os.close(take_lock(data_dir()))
    check_address(host, port)


def stamp_of(packages: str) -> str:
    """What the environment was made of: these locked packages, this Python."""
    locked = (CHECKOUT / "requirements" / f"{packages}.txt").read_bytes()
    return hashlib.sha256(locked + sys.version.encode()).hexdigest()


def is_installed(packages: str) -> bool:
    """Whether this very lock, or a set that holds it, was installed before: then nothing is asked of any network."""
    stamp = VENV / f"installed-{packages}"
    return stamp.exists() and stamp.read_text() == stamp_of(packages) and (VENV / "bin" / "python").exists()


def make_environment() -> None:
    """Make `.venv`, keeping one that already works with this Python."""
    check_writable(CHECKOUT, "clone Tandem into a folder that you may write")
    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        raise RefusalError("Python's venv module is missing. On Debian or Ubuntu: apt install python3-venv")
    python = VENV / "bin" / "python"
    probe = "import sys, pip; sys.exit(list(sys.version_info[:2]) != [{}, {}])".format(*sys.version_info[:2])
    if python.exists() and subprocess.run([str(python), "-c", probe], check=False, capture_output=True).returncode == 0:
        return
    make = [sys.executable, "-m", "venv", *(["--clear"] if VENV.exists() else []), str(VENV)]
    made = subprocess.run(make, check=False, capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(str(VENV), ignore_errors=True)
        said = (made.stdout + made.stderr).strip().splitlines() or ["nothing"]
        raise RefusalError(f"The virtual environment {VENV} could not be made. Python said: {said[-1]}")


def install(packages: str) -> None:
    """Install the locked packages with plain pip; every file must have the hash that the lock names."""
    lock = CHECKOUT / "requirements" / f"{packages}.txt"
    print(f"Installing {lock.read_text().count('==')} locked packages into {VENV} …", flush=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=False, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise RefusalError(
            "The packages could not be installed; pip's reason stands above. Is this machine on the network, "
            "and does pip reach its package index? Then try again: what was downloaded is kept."
        )
    for contained in PACKAGE_SETS[: PACKAGE_SETS.index(packages) + 1]:
        (VENV / f"installed-{contained}").write_text(stamp_of(contained))


def main(arguments: "list[str]") -> None:
    """`run` starts Tandem; `install` only makes ready for the tests."""
    command = arguments[0] if arguments else "run"
    packages = "embedded" if command == "run" else "development"
    try:
        if command == "run":
            check_before_running()
        if not is_installed(packages):
            make_environment()
            install(packages)
    except RefusalError as refusal:
        sys.exit(str(refusal))
    if command == "run":
        python = str(VENV / "bin" / "python")
        os.execv(python, [python, str(CHECKOUT / "manage.py"), "run", *arguments[1:]])  # noqa: S606


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
