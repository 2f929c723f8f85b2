"""The public key that a machine shows: asked once, for a person to compare and to pin. Never at a rollout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ecluse.machine import process
from ecluse.remote.line import Reach, reason, told

__all__ = ["fingerprint", "shown_key"]


def shown_key(reach: Reach, environ: Mapping[str, str]) -> str:
    """The key that the machine shows, as ``ssh-ed25519 AAAA…``. Nobody signs in. Raises Cut where none answers.

    It is asked as every connection is made: by the client, with people's configuration, through their jump hosts.
    """
    kinds = "HostKeyAlgorithms=ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512"
    options = ("StrictHostKeyChecking=accept-new", "PreferredAuthentications=none", "ControlMaster=no", kinds)
    with told(replace(reach, key=None), environ, "", *options) as (line, hosts):
        argv = line.command("true", "-T")
        answer = process.read(argv, env=line.environ, timeout=60, check=False)
        found = hosts.read_text(encoding="ascii").split()
    if len(found) < 3:
        raise reason(reach, answer.errors)
    return f"{found[1]} {found[2]}"


def fingerprint(key: str, environ: Mapping[str, str]) -> str:
    """The fingerprint of a public key, as the machine's own console shows it."""
    program = process.find("ssh-keygen", path=environ.get("PATH"), hint="apt install openssh-client")
    return process.read((program, "-l", "-f", "-"), env=environ, input=f"{key}\n").text.split()[1]
