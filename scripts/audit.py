"""Ask whether a vulnerability is known in a part that we use: one of three answers.

0 and a word: nothing is known, or the data cannot be reached; then it says so.
1 and the list: something is known, or the question could not be asked.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

LOCKED = ("requirements.txt", "requirements-dev.txt")
# The data of OSV, or of a mirror that answers like it.
SOURCE = os.environ.get("AUDIT_URL", "https://api.osv.dev/v1/query")
# The last error of pip-audit's own, where the data are what is missing.
UNREACHABLE = (
    "requests.exceptions.ConnectionError",
    "requests.exceptions.ConnectTimeout",
    "requests.exceptions.HTTPError",
    "requests.exceptions.JSONDecodeError",
    "requests.exceptions.ProxyError",
    "requests.exceptions.ReadTimeout",
    "requests.exceptions.SSLError",
    "pip_audit._service.interface.ConnectionError",
    "pip_audit._service.interface.ServiceError",
    "Could not connect to OSV's vulnerability feed",
)


def ask(root: Path) -> subprocess.CompletedProcess[str]:
    """Run pip-audit over the locked files, which it takes as they stand."""
    files = [part for name in LOCKED for part in ("--requirement", str(root / name))]
    return subprocess.run(  # noqa: S603 - our own words
        [
            *(sys.executable, "-m", "pip_audit", *files, "--require-hashes", "--disable-pip"),
            *("--vulnerability-service", "osv", "--osv-url", SOURCE),
            *("--format", "json", "--progress-spinner", "off", "--timeout", "15"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def known(report: dict[str, list[dict]]) -> list[str]:
    """Return a line for each known vulnerability: the part, its name, and what mends it."""
    return [
        f"{part['name']} {part['version']}: {one['id']}"
        f" ({', '.join(one['aliases']) or 'no other name'});"
        f" mended in {', '.join(one['fix_versions']) or 'no version yet'}"
        for part in report["dependencies"]
        for one in part.get("vulns", [])
    ]


def answer(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    """Return the exit code and the words for what pip-audit said."""
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        if any(sign in done.stderr for sign in UNREACHABLE):
            return 0, f"NOT AUDITED: the vulnerability data at {SOURCE} cannot be reached ({last})"
        return 1, f"pip-audit failed: {last}"
    found = known(report)
    if found:
        return 1, "\n".join(["Known vulnerabilities:", *found])
    parts = report["dependencies"]
    # What is skipped was not looked at, however content pip-audit is.
    skipped = [f"{part['name']}: {part['skip_reason']}" for part in parts if "skip_reason" in part]
    if skipped or not parts:
        return 1, "\n".join(["Parts that could not be audited:", *(skipped or ["all of them"])])
    return 0, f"{len(parts)} parts, no known vulnerability."


def main(root: Path) -> int:
    if find_spec("pip_audit") is None:
        sys.stderr.write("pip-audit is not installed: it is in requirements-dev.txt.\n")
        return 1
    code, words = answer(ask(root))
    (sys.stderr if code else sys.stdout).write(f"{words}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
