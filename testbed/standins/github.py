"""A server that answers as GitHub's REST documentation says (https://docs.github.com/rest), about one repository.

Environments (deployments/environments, deployments/branch-policies), secrets (actions/secrets), rules (repos/rules) and
runs of workflows (actions/workflow-runs): the fields of the documentation's examples that somebody may ask for.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["Environment", "GitHubServer", "running"]

TOKEN = "a-token-of-github-0123456789"

# https://docs.github.com/rest/about-the-rest-api/api-versions: without the header GitHub takes a version of its choice.
VERSION = "2022-11-28"


@dataclass
class Environment:
    """An environment. *policies* are the allowed branches and tags, as (type, name); None: every branch."""

    policies: list[tuple[str, str]] | None = None
    secrets: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)

    def as_json(self, name: str) -> dict[str, Any]:
        rules: list[dict[str, Any]] = []
        if self.reviewers:
            people = [{"type": "User", "reviewer": {"login": login, "id": 1}} for login in self.reviewers]
            rules.append({"id": 3736, "node_id": "x", "type": "required_reviewers", "reviewers": people})
        limited = self.policies is not None
        if limited:
            rules.append({"id": 3755, "node_id": "x", "type": "branch_policy"})
        policy = {"protected_branches": False, "custom_branch_policies": True} if limited else None
        return {"id": 161, "name": name, "protection_rules": rules, "deployment_branch_policy": policy}


class GitHubServer:
    """The repository *name*, and what a test has set of it. *hidden* are paths that the token may not see."""

    def __init__(self, name: str = "team/shop") -> None:
        self.name = name
        self.url = ""
        self.environments: dict[str, Environment] = {}
        self.secrets: list[str] = []
        self.organization_secrets: list[str] = []
        self.rulesets: list[dict[str, Any]] = []
        self.branches: dict[str, list[dict[str, Any]]] = {}
        self.runs: list[dict[str, str]] = []
        self.hidden: set[str] = set()

    def environ(self) -> dict[str, str]:
        """The variables of somebody who asks."""
        return {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": self.name}

    def answer(self, path: str, query: Mapping[str, list[str]], authorization: str | None) -> tuple[int, Any]:
        """The status and the whole answer for *path*, with *query*, below the repository."""
        if authorization != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}
        if path in self.hidden:
            return 403, {"message": "Resource not accessible by personal access token"}
        match [unquote(part) for part in path.split("/")]:
            case ["environments", name] if name in self.environments:
                return 200, self.environments[name].as_json(name)
            case ["environments", name, "deployment-branch-policies"] if name in self.environments:
                allowed = self.environments[name].policies or []
                return 200, _counted("branch_policies", [{"id": 1, "type": type, "name": one} for type, one in allowed])
            case ["environments", name, "secrets"] if name in self.environments:
                return 200, _counted("secrets", [{"name": one} for one in self.environments[name].secrets])
            case ["actions", "secrets"]:
                return 200, _counted("secrets", [{"name": one} for one in self.secrets])
            case ["actions", "organization-secrets"]:
                return 200, _counted("secrets", [{"name": one} for one in self.organization_secrets])
            case ["actions", "workflows", file, "runs"]:
                asked = {name: query[name][0] for name in ("event", "head_sha", "branch") if name in query}
                # A run's own field `status` says that it is over; the parameter may also name its conclusion.
                asked |= {"conclusion": query["status"][0]} if "status" in query else {}
                runs = [
                    one for one in self.runs if one.items() >= {"path": f".github/workflows/{file}", **asked}.items()
                ]
                return 200, _counted("workflow_runs", runs)
            case ["rulesets"]:
                short = ("id", "name", "target", "enforcement")
                return 200, [{key: one[key] for key in short} for one in self.rulesets]
            case ["rulesets", id]:
                return next(
                    ((200, one) for one in self.rulesets if str(one["id"]) == id), (404, {"message": "Not Found"})
                )
            case ["rules", "branches", name]:
                return 200, self.branches.get(name, [])
        return 404, {"message": "Not Found"}


def _counted(name: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"total_count": len(items), name: items}


def _page(answer: Any, query: dict[str, list[str]]) -> Any:
    size, page = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
    part = slice((page - 1) * size, page * size)
    if isinstance(answer, list):
        return answer[part]
    return {
        key: value[part] if isinstance(value, list) and "total_count" in answer else value
        for key, value in answer.items()
    }


@contextmanager
def running() -> Iterator[GitHubServer]:
    """The server, as long as the context lasts."""
    told = GitHubServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            start = f"/repos/{told.name}/"
            status, answer = 404, {"message": "Not Found"}
            if self.headers["X-GitHub-Api-Version"] != VERSION:
                status, answer = 400, {"message": "The API version was not sent, or is not known"}
            elif address.path.startswith(start):
                path, query = address.path.removeprefix(start), parse_qs(address.query)
                status, answer = told.answer(path, query, self.headers["Authorization"])
            body = json.dumps(_page(answer, parse_qs(address.query))).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
