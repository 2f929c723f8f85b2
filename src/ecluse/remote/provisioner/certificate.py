"""The certificate of the site: one that certbot gets and renews, or one that people have put there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.debian import MARK, difference, run, write
from ecluse.remote.provisioner.item import Item
from ecluse.remote.provisioner.nginx_files import ACME

__all__ = ["HOOK", "certificate", "there"]

LETSENCRYPT = Path("/etc/letsencrypt")
HOOK = LETSENCRYPT / "renewal-hooks" / "deploy" / "ecluse-nginx"


def there(order: dict[str, Any]) -> tuple[str, str] | None:
    """The files of the certificate and of its key; None where they are not there, and nginx must not name them."""
    tls = order["front"]["tls"]
    if tls["kind"] == "TlsProxy":
        return None
    if tls["kind"] == "Acme":
        folder = LETSENCRYPT / "live" / _name(order)
        files = folder / "fullchain.pem", folder / "privkey.pem"
    else:
        files = Path(tls["chain"]), Path(tls["key"])
    return (str(files[0]), str(files[1])) if all(file.is_file() for file in files) else None


def certificate(order: dict[str, Any], read: Callable[[], None]) -> Item:
    """The certificate of the site. *read* has nginx read its files again, where the certificate then stands."""
    if order["front"]["tls"]["kind"] == "Acme":
        return Item("certificate", lambda: _acme_change(order), lambda: _acme_apply(order, read), late=True)
    tls = order["front"]["tls"]

    def change() -> str:
        return "" if there(order) else f"+{tls['chain']}\n+{tls['key']}\n"

    def apply() -> None:
        sys.exit(f"the certificate is not on the server: put it at {tls['chain']} and {tls['key']}, then provision")

    return Item("certificate", change, apply, late=True)


def hook() -> str:
    return f"#!/bin/sh\n# {MARK}\nexec systemctl reload nginx\n"


def _acme_change(order: dict[str, Any]) -> str:
    front = order["front"]
    found = there(order)
    changes = [] if found and _covers(found[0], front["names"]) else [f"+{' '.join(front['names'])}, by certbot\n"]
    if found and _server(order) != front["tls"]["directory"]:
        changes.append(f"-{_server(order)}\n+{front['tls']['directory']}\n")
    changes.append(difference(HOOK, hook()))
    timer = subprocess.run(["systemctl", "--quiet", "is-enabled", "certbot.timer"], check=False)
    if timer.returncode != 0:
        changes.append("+certbot.timer renews it\n")
    return "".join(changes)


def _acme_apply(order: dict[str, Any], read: Callable[[], None]) -> None:
    tls, names = order["front"]["tls"], order["front"]["names"]
    HOOK.parent.mkdir(parents=True, exist_ok=True)
    write(HOOK, hook(), 0o755)
    run(["systemctl", "enable", "--quiet", "--now", "certbot.timer"])
    Path(ACME).mkdir(parents=True, exist_ok=True)
    found = there(order)
    if found is None or not _covers(found[0], names) or _server(order) != tls["directory"]:
        _get(_name(order), names, tls, force=found is not None)
    read()


def _get(name: str, names: list[str], tls: dict[str, str], *, force: bool) -> None:
    """Have certbot get the certificate. Ends, with what the authority said, where it does not give one."""
    argv = ["certbot", "certonly", "--non-interactive", "--agree-tos", "--webroot", "--webroot-path", ACME]
    argv += ["--cert-name", name, "--renew-with-new-domains", "--server", tls["directory"]]
    argv += ["--email", tls["email"]] if tls["email"] else ["--register-unsafely-without-email"]
    argv += ["--force-renewal"] if force else []
    argv += [word for one in names for word in ("--domain", one)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"the authority gives no certificate: {reason(done.stdout + done.stderr)}")


def reason(said: str) -> str:
    """The reason in what certbot said: the names that the authority did not find here, and why, of the first."""
    found = re.findall(r"Domain:\s*(\S+)\s+Type:\s*\S+\s+Detail:\s*(.+)", said)
    if found:
        names, why = " and ".join(sorted(name for name, _ in found)), found[0][1].strip()[:400]
        return f"it does not find {names} on this server: {why}. Do the names point here, and does port 80 answer?"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("Saving debug log", "Ask for help", "See the logfile"))]
    return kept[-1] if kept else "certbot says nothing; its log is in /var/log/letsencrypt"


def _name(order: dict[str, Any]) -> str:
    return str(order["folder"]).replace("/", "-")


def _covers(chain: str, names: list[str]) -> bool:
    """Whether the certificate is valid, and for *names*."""
    argv = ["openssl", "x509", "-in", chain, "-noout", "-checkend", "0", "-ext", "subjectAltName"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode == 0 and set(re.findall(r"DNS:([^,\s]+)", done.stdout)) == set(names)


def _server(order: dict[str, Any]) -> str | None:
    """The authority that the certificate is renewed by."""
    file = LETSENCRYPT / "renewal" / f"{_name(order)}.conf"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    found = re.search(r"^server\s*=\s*(\S+)", text, re.MULTILINE)
    return found[1] if found else None
