"""GitHub's REST API, read only. https://docs.github.com/rest"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.parse import quote

from ecluse.errors import TargetError
from ecluse.secrets import Secret

__all__ = ["ADDRESS", "GitHubApi", "NotSeen"]

ADDRESS = "https://api.github.com"

_TIMEOUT = 20.0
_A_PAGE = 100


class NotSeen(Exception):
    """The token may not see what was asked for."""


class GitHubApi:
    """The API of one repository (*owner* and *name*, with a slash between). *address* is another server's."""

    def __init__(self, repository: str, token: Secret | None, address: str = ADDRESS) -> None:
        self._token = token
        self._root = f"{address.rstrip('/')}/repos/{'/'.join(quote(part, safe='') for part in repository.split('/'))}"

    def get(self, *path: str) -> Any:
        """The answer for *path* below the repository; None where there is none such.

        Raises NotSeen where the token is refused, TargetError where GitHub cannot be asked.
        """
        return self._get(self._url(path))

    def all(self, *path: str, of: str | None = None) -> Iterator[dict[str, Any]]:
        """The items of a list, page by page; in an object, of its field *of*. No items where there is no such list."""
        for page in range(1, 1000):
            found = self._get(f"{self._url(path)}?per_page={_A_PAGE}&page={page}")
            items = (found or {}).get(of, []) if of else found or []
            yield from items
            if len(items) < _A_PAGE:
                return

    def _url(self, path: tuple[str, ...]) -> str:
        # A name of an environment or a branch may have a slash.
        return "/".join([self._root, *(quote(part, safe="") for part in path)])

    def _get(self, url: str) -> Any:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404:
                    return None
                if error.code in (401, 403):
                    raise NotSeen(f"GitHub answers {error.code}") from None
                raise TargetError(f"GitHub answers {error.code}", where=url, hint="try again later") from None
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise TargetError(f"GitHub cannot be asked: {reason}", where=url, hint="is there a network?") from None
