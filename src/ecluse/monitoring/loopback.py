"""Questions to the programs that watch this machine: JSON over HTTP, on its loopback."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

from ecluse.errors import TargetError

__all__ = ["ALERTMANAGER", "PROMETHEUS", "ask", "moment", "text"]

PROMETHEUS, ALERTMANAGER = 9090, 9093
"""The ports of both."""

_NAMES = {ALERTMANAGER: "Alertmanager", PROMETHEUS: "Prometheus"}
_TIMEOUT = 10


def ask(port: int, path: str, body: Any = None) -> Any:
    """The JSON that the program on *port* answers; with *body*, it is told that. Raises TargetError where it does not
    answer.
    """
    answer = text(port, path, body)
    return json.loads(answer) if answer else None


def text(port: int, path: str, body: Any = None) -> str:
    """The text that the program on *port* answers. Raises TargetError where it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        why = f"does not answer: {error or type(error).__name__}"
    else:
        if response.status < 400:
            return answer
        why = f"answers {response.status}: {answer.strip()[:200]}"
    finally:
        connection.close()
    raise TargetError(
        f"{_NAMES[port]} {why}",
        where=f"127.0.0.1:{port}",
        hint="./ecluse provision ENVIRONMENT puts it there, and starts it",
    )


def moment(seconds: float) -> str:
    """*seconds* since the epoch as Alertmanager writes them."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
