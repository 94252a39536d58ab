"""Whether a packed file may be unpacked: asked before any of its parts is read as XML."""

import re
import zlib
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from products.extraction.limits import MB, Limits, Refusal, RefusedError

_ENCRYPTED = 0x1
_CHUNK = 64 * 1024
# Below this a high ratio does no harm: an empty table packs better than that.
_RATIO_FROM = 5 * MB
_BROKEN = (BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
_DECLARATION = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING = re.compile(r"^\s*<\?xml[^>]*?\bencoding\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_ENCODINGS = {"utf-8": {"utf-8", "utf8", "us-ascii", "ascii"}, "utf-16": {"utf-16", "utf16"}}


def open_archive(stream: BinaryIO, size: int, limits: Limits) -> ZipFile:
    """Return an archive whose every part was unpacked once, within the limits.

    :raises RefusedError: if it has too many parts, unpacks to too much, is encrypted or
        broken, names a part outside of itself, or has a document type in its XML.
    """
    try:
        archive = ZipFile(stream)
    except _BROKEN as error:
        raise RefusedError(Refusal.BROKEN) from error
    parts = archive.infolist()
    _check_directory(parts, size, limits)
    left = limits.unpacked_mb * MB
    for part in parts:
        try:
            left -= _check_part(archive, part, left)
        except _BROKEN as error:
            raise RefusedError(Refusal.BROKEN) from error
    return archive


def _check_directory(parts: list[ZipInfo], size: int, limits: Limits) -> None:
    """Look at what the archive says of itself, before anything is unpacked."""
    if len(parts) > limits.members:
        raise RefusedError(Refusal.MEMBERS)
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise RefusedError(Refusal.ENCRYPTED)
    if any(part.compress_type not in {ZIP_STORED, ZIP_DEFLATED} for part in parts):
        raise RefusedError(Refusal.BROKEN)
    if len({part.filename for part in parts}) < len(parts) or any(map(_leads_out, parts)):
        raise RefusedError(Refusal.NAMES)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limits.unpacked_mb * MB:
        raise RefusedError(Refusal.UNPACKED)
    if unpacked > max(_RATIO_FROM, limits.ratio * size):
        raise RefusedError(Refusal.RATIO)
    # Parts that lie over one another: the same bytes would be unpacked many times.
    if sum(part.compress_size for part in parts) > size:
        raise RefusedError(Refusal.RATIO)


def _leads_out(part: ZipInfo) -> bool:
    name = part.orig_filename
    steps = name.split("/")
    return name.startswith("/") or "\\" in name or ":" in name or ".." in steps or "\0" in name


def _check_part(archive: ZipFile, part: ZipInfo, left: int) -> int:
    """Unpack a part to its end, keeping it only if it is XML; return how large it was."""
    size = 0
    xml = False
    kept: list[bytes] = []
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            xml = xml if size else _is_xml(part, chunk)
            size += len(chunk)
            if size > left:
                raise RefusedError(Refusal.UNPACKED)
            if xml:
                kept.append(chunk)
    if xml:
        _check_xml(b"".join(kept))
    return size


def _is_xml(part: ZipInfo, beginning: bytes) -> bool:
    if part.filename.lower().endswith((".xml", ".rels", ".vml")):
        return True
    return beginning.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")


def _check_xml(data: bytes) -> None:
    """Refuse what the standard of these files (ECMA-376) forbids: DTDs, other encodings."""
    text, family = _decoded(data)
    named = _ENCODING.match(text)
    if named and named[1].lower() not in _ENCODINGS[family]:
        raise RefusedError(Refusal.BROKEN)
    if "\0" in text:
        raise RefusedError(Refusal.BROKEN)
    if _DECLARATION.search(text):
        raise RefusedError(Refusal.DOCTYPE)


def _decoded(data: bytes) -> tuple[str, str]:
    encoding = _UTF_16.get(data[:2])
    if encoding:
        return data[2:].decode(encoding), "utf-16"
    # Without a mark of the order of bytes, the first “<” tells it.
    if data[:2] == b"<\0":
        return data.decode("utf-16-le"), "utf-16"
    if data[:2] == b"\0<":
        return data.decode("utf-16-be"), "utf-16"
    return data.decode("utf-8-sig"), "utf-8"
