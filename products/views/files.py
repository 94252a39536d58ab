"""Handing out a file of a version: to be kept, and never to be run."""

import structlog
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404

from products.models import VersionFile

log = structlog.get_logger(__name__)


def answer_with(file: VersionFile) -> FileResponse:
    """Return the answer that hands out ``file``; whether it may be read was asked before.

    :raises Http404: if its bytes are missing from the store.
    """
    try:
        content = default_storage.open(file.path)
    except FileNotFoundError as error:
        # The record stands; only a backup can bring the bytes back.
        log.exception("version_file.missing", file=file.pk, sha256=file.sha256)
        raise Http404("The file is recorded, and missing from the store.") from error
    response = FileResponse(
        content,
        as_attachment=True,
        filename=file.name,
        content_type=file.media_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    # Should a browser open it all the same, it gets no origin and no script.
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    return response
