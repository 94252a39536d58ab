"""Reading the file, and refusing it whole where anything in it is wrong."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from products.reference import consistency, specs
from products.reference.consistency import Row
from products.reference.fields import FieldError, record

# Told about the file itself: kept in it, not loaded.
NOT_LOADED = ("meta", "page_index")


class BrokenFileError(Exception):
    """A file that is not taken; its message names the record and the field."""


@dataclass(frozen=True, kw_only=True)
class ReferenceData:
    """A file that has passed every check: safe to write without looking again."""

    title: str
    secretariat_host: str
    agencies: list[Row]
    membership_counts: list[Row]
    meetings: list[Row]
    chair_terms: list[Row]
    working_groups: list[Row]
    products: list[Row]
    liaison_organisations: list[Row]


def read(path: Path) -> ReferenceData:
    """Read and check the file at ``path``.

    :raises BrokenFileError: if it cannot be read, or any record in it is wrong.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_such_number)
    except OSError as error:
        raise BrokenFileError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BrokenFileError(f"{path} is not UTF-8 text (byte {error.start}).") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BrokenFileError(f"{path} is not JSON: {where}: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise BrokenFileError(f"{path} is not JSON: {error}.") from error
    check(data)
    return ReferenceData(
        title=data["meta"]["title"],
        secretariat_host=data["meta"]["secretariat"]["host_agency"],
        **{name: data[name] for name in specs.COLLECTIONS},
    )


def _no_such_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def check(data: Any) -> None:
    """Check every record of the file, each alone and then all together.

    :raises BrokenFileError: naming the first record and field that is wrong.
    """
    _check_collections(data)
    for name, spec in specs.COLLECTIONS.items():
        for index, row in enumerate(data[name]):
            try:
                record(spec)(row)
            except FieldError as error:
                raise _broken(name, index, row, error.path, error.sentence) from error
    for name, index, row, field, sentence in consistency.findings(data):
        raise _broken(name, index, row, field, sentence)
    _check_meta(data)


def _check_collections(data: Any) -> None:
    if not isinstance(data, dict):
        raise BrokenFileError("The file is not a JSON object.")
    for name in (*specs.COLLECTIONS, "meta"):
        if name not in data:
            raise BrokenFileError(f"The file has no `{name}`.")
    for name in data:
        if name not in (*specs.COLLECTIONS, *NOT_LOADED):
            raise BrokenFileError(f"The file has a `{name}`, which is not known.")
    for name in specs.COLLECTIONS:
        if not isinstance(data[name], list):
            raise BrokenFileError(f"`{name}` is not a list.")


def _broken(name: str, index: int, row: Any, field: str, sentence: str) -> BrokenFileError:
    identity = specs.IDENTITY[name]
    called = row.get(identity) if isinstance(row, dict) and identity else None
    which = f"{name}[{index}] {called}" if called else f"{name}[{index}]"
    return BrokenFileError(
        f"{which}: field `{field}`: {sentence}" if field else f"{which}: {sentence}"
    )


def _check_meta(data: Row) -> None:
    try:
        title = data["meta"]["title"]
        host = data["meta"]["secretariat"]["host_agency"]
        specs.META["title"](title)
    except (KeyError, TypeError) as error:
        raise BrokenFileError("meta: `title` and `secretariat.host_agency` are needed.") from error
    except FieldError as error:
        raise BrokenFileError(f"meta: field `title`: {error.sentence}") from error
    if host not in {agency["code"] for agency in data["agencies"]}:
        raise BrokenFileError(
            f"meta: field `secretariat.host_agency`: There is no agency with the code “{host}”."
        )
