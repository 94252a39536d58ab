"""Say in one sentence what keeps the tests from PostgreSQL and Redis; else nothing."""

import os
import sys

import psycopg
import redis


def postgresql(url: str) -> None:
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute(
            "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    if row is None or not row[0]:
        raise psycopg.OperationalError("this role may not create the test databases (CREATEDB)")


def redis_server(url: str) -> None:
    redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5).ping()


def problem(name: str, example: str, connect, error: type[Exception]) -> str | None:
    """Return the sentence about one service, or ``None`` where it answers."""
    url = os.environ.get(name, "")
    if not url.startswith(example.partition(":")[0]):
        return f"{name} is not set: it names the service to test with, such as {example}"
    try:
        connect(url)
    except (error, ValueError) as reason:
        lines = str(reason).strip().splitlines() or [type(reason).__name__]
        return f"{name} cannot be used: {lines[0]}"
    return None


def main() -> int:
    problems = [
        problem("DATABASE_URL", "postgres://me@localhost/test", postgresql, psycopg.Error),
        problem("REDIS_URL", "redis://localhost:6379/0", redis_server, redis.RedisError),
    ]
    for sentence in filter(None, problems):
        sys.stderr.write(sentence + "\n")
    return 1 if any(problems) else 0


if __name__ == "__main__":
    sys.exit(main())
