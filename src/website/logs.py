"""Log records as JSON, one object a line, for machines; each with the request that it belongs to."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from website.request_id import current

__all__ = ["JSONFormatter", "RequestIdFilter"]

# What every record has; anything else on one was given by `extra`.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"asctime", "message", "request_id", "taskName"}


class RequestIdFilter(logging.Filter):
    """Put the id of the request being answered on each record, or None outside of one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get()
        return True


class JSONFormatter(logging.Formatter):
    """A record as a line of JSON: time (UTC, ISO 8601), level, logger, message, release, request_id, its extras."""

    def __init__(self, release: str) -> None:
        super().__init__()
        self.release = release

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "release": self.release,
            "request_id": getattr(record, "request_id", None),
        }
        extra = {name: value for name, value in vars(record).items() if name not in STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # Django hands whole requests over as extras: what is not plain data is shown as text.
        return json.dumps({**extra, **line}, default=str, ensure_ascii=False)
