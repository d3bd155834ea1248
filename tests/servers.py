"""Real servers of one's own for tests: PostgreSQL and Redis, started on loopback, gone when the command ends.

As a command: `python tests/servers.py postgresql COMMAND…` starts a cluster, runs COMMAND with `DATABASE_URL` set,
and leaves nothing behind.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def postgresql_programs() -> Path | None:
    """Where Debian (or the search path) keeps `initdb` and `postgres`; None where there is no PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """A cluster of one's own with fsync on; yields its DATABASE_URL."""
    programs = postgresql_programs()
    if programs is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    # PostgreSQL refuses to run as root: Debian's package brings the user `postgres` for it.
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="tandem-pg-") as folder:
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        who = {"user": owner.pw_uid, "group": owner.pw_gid, "cwd": folder} if owner else {"cwd": folder}
        data, port = f"{folder}/data", free_port()
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "tandem", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True, capture_output=True, **who,
        )  # fmt: skip
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-h", "127.0.0.1",
             "-c", "max_connections=200", "-c", "shared_buffers=256MB"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who,
        )  # fmt: skip
        try:
            ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
            wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL did not start")
            create = [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "tandem", "tandem"]
            subprocess.run(create, check=True, **who)
            yield f"postgres://tandem@127.0.0.1:{port}/tandem"
        finally:
            server.terminate()
            server.wait(20)


def new_database(url: str, name: str) -> str:
    """An empty database of one's own in a cluster of `postgresql`; returns its DATABASE_URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{url.rpartition('/')[0]}/{name}"


@contextmanager
def redis(port: int | None = None) -> Iterator[str]:
    """A Redis server of one's own, keeping nothing; yields its REDIS_URL."""
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="tandem-redis-") as folder:
        server = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: answers(port), "Redis did not start")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(10)


def answers(port: int) -> bool:
    """Whether somebody listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition, complaint: str, *, seconds: float = 20) -> None:
    """Poll a condition; raise TimeoutError with the complaint when it does not come true."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError(complaint)
        time.sleep(0.02)


if __name__ == "__main__":
    _, service, *command = sys.argv
    assert service == "postgresql", service
    with postgresql() as url:
        sys.exit(subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode)
