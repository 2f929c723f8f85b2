"""nginx before the site: its files are tested before it reads them, and put back where it refuses them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.boot import place
from ecluse.remote.provisioner.certificate import there
from ecluse.remote.provisioner.debian import MARK, difference, run, version, write
from ecluse.remote.provisioner.item import Item
from ecluse.remote.provisioner.nginx_files import NginxSite, shared_file
from ecluse.remote.provisioner.ports import port_of_site, refuse_taken

__all__ = ["SHARED", "nginx", "nginx_apply", "nginx_remove", "site_paths"]

ETC = Path("/etc/nginx")
SHARED = ETC / "conf.d" / "ecluse.conf"
"""The file for all sites of the machine."""

DEFAULT = ETC / "sites-enabled" / "default"
"""The page that Debian's package shows to everybody: ours answers unknown names by nothing."""


def nginx(order: dict[str, Any]) -> Item:
    return Item("nginx", lambda: nginx_change(order), lambda: nginx_apply(order))


def nginx_change(order: dict[str, Any]) -> str:
    refuse_taken((80, 443))
    changes = [difference(path, content) for path, content in _files(order).items()]
    available, enabled = site_paths(order)
    if not enabled.is_symlink() or enabled.resolve() != available.resolve():
        _refuse_if_theirs(enabled)
        changes.append(f"+{enabled}\n")
    if _shows_default():
        changes.append(f"-{DEFAULT}\n")
    if not _runs():
        changes.append("+nginx runs, and starts with the machine\n")
    return "".join(changes)


def nginx_apply(order: dict[str, Any]) -> None:
    """Write the files, have nginx test them, and read them."""
    files = _files(order)
    before = {path: path.read_text(encoding="utf-8") if path.exists() else None for path in files}
    available, enabled = site_paths(order)
    was_enabled, default = enabled.is_symlink(), os.readlink(DEFAULT) if _shows_default() else None
    for path, content in files.items():
        write(path, content)
    if default is not None:
        DEFAULT.unlink()
    enabled.unlink(missing_ok=True)
    enabled.symlink_to(available)
    tested = subprocess.run(["/usr/sbin/nginx", "-t"], capture_output=True, text=True, check=False)
    if tested.returncode != 0:
        for path, text in before.items():
            path.unlink() if text is None else write(path, text)
        if not was_enabled:
            enabled.unlink()
        if default is not None:
            DEFAULT.symlink_to(default)
        sys.exit(f"nginx refuses the files, and has the earlier ones back: {_reason(tested.stderr)}")
    run(["systemctl", "enable", "--quiet", "nginx"])
    run(["systemctl", "reload-or-restart", "nginx"])


def nginx_remove(*paths: Path) -> None:
    """Take files away, and have nginx read the others."""
    for path in paths:
        path.unlink(missing_ok=True)
    run(["systemctl", "try-reload-or-restart", "nginx"])


def _files(order: dict[str, Any]) -> dict[Path, str]:
    ipv6 = Path("/proc/net/if_inet6").exists()
    site = NginxSite(
        name=_name(order),
        front=order["front"],
        place=f"{place(order)}/.ecluse/environments/{order['environment']}",
        port=port_of_site(order),
        certificate=there(order),
        ipv6=ipv6,
        debian=version(),
    )
    return {SHARED: shared_file(ipv6=ipv6), site_paths(order)[0]: site.file()}


def _name(order: dict[str, Any]) -> str:
    return str(order["folder"]).replace("/", "-")


def site_paths(order: dict[str, Any]) -> tuple[Path, Path]:
    """The site's file, and the link by which nginx reads it."""
    name = _name(order)
    return ETC / "sites-available" / name, ETC / "sites-enabled" / name


def _refuse_if_theirs(path: Path) -> None:
    """End where *path* is there and does not lead to a file of ours."""
    if path.is_symlink() and not path.exists():
        return
    if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace"):
        sys.exit(f"{path} is there and was not written by ecluse: it is left as it is. Move it away first")


def _shows_default() -> bool:
    """Whether Debian's page is shown. Ends where people have made it a site of theirs."""
    if not DEFAULT.exists():
        return False
    known = run(["dpkg-query", "--show", "--showformat", "${Conffiles}", "nginx-common"])
    own = ETC / "sites-available" / "default"
    is_debians = DEFAULT.resolve() == own and _digest(own) in known
    if not is_debians:
        sys.exit(f"{DEFAULT} is there and is not Debian's: it is left as it is. Move it away first")
    return True


def _digest(path: Path) -> str:
    return run(["md5sum", str(path)]).split()[0]


def _runs() -> bool:
    asked = [("is-active", "nginx"), ("is-enabled", "nginx")]
    return all(subprocess.run(["systemctl", "--quiet", *one], check=False).returncode == 0 for one in asked)


def _reason(said: str) -> str:
    """The line with which nginx says what it refuses."""
    lines = [line for line in said.splitlines() if "[emerg]" in line]
    return (lines or said.strip().splitlines() or ["it says nothing"])[0].partition("[emerg]")[
        2
    ].strip() or said.strip()
