"""Headers of a registry's answers, read as their RFCs have them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Challenge", "challenges", "following"]

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_VALUE = rf'"(?:[^"\\]|\\.)*"|{_TOKEN}'
_PARAMETER = re.compile(rf"({_TOKEN})\s*=\s*({_VALUE})\s*(?=,|$|;)")
_SCHEME = re.compile(rf"({_TOKEN})(?=[\s,]|$)")
# https://www.rfc-editor.org/rfc/rfc9110#name-authentication-parameters: what a scheme may have in place of parameters
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*\s*(?=,|$)")


@dataclass(frozen=True)
class Challenge:
    """A way to sign in that a server names: its *scheme* (in lower case), and the scheme's *parameters*."""

    scheme: str
    parameters: Mapping[str, str]


def challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """The challenges in the WWW-Authenticate *headers*, of which one may hold several: in their order.

    https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate
    """
    found: list[Challenge] = []
    for header in headers:
        position, parameters = 0, dict[str, str]()
        while position < len(header):
            if match := re.compile(r"[\s,]+").match(header, position):
                pass
            elif match := _PARAMETER.match(header, position):
                parameters.setdefault(match[1].lower(), _unquoted(match[2]))
            elif match := _SCHEME.match(header, position):
                parameters = {}
                found.append(Challenge(match[1].lower(), parameters))
                spaces = re.compile(r"\s+").match(header, match.end())
                if spaces and (opaque := _TOKEN68.match(header, spaces.end())):
                    match = opaque
            else:
                break  # what no RFC knows: what was read before it counts
            position = match.end()
    return tuple(found)


def following(headers: Iterable[str]) -> str | None:
    """The address of the next page that the Link *headers* name, as it stands there; None where there is none.

    https://www.rfc-editor.org/rfc/rfc8288#section-3
    """
    for header in headers:
        for target, rest in re.findall(rf"<([^>]*)>((?:\s*;\s*{_TOKEN}(?:\s*=\s*(?:{_VALUE}))?)*)", header):
            relations = [_unquoted(value) for name, value in _parameters(rest) if name.lower() == "rel"]
            # The first counts: https://www.rfc-editor.org/rfc/rfc8288#section-3.3
            if relations and "next" in relations[0].lower().split():
                return str(target).strip()
    return None


def _parameters(text: str) -> list[tuple[str, str]]:
    return re.findall(rf";\s*({_TOKEN})\s*=\s*({_VALUE})", text)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
