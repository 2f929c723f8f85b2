"""A process that keeps a container for as long as a lease is held, and removes it then.

The container must not belong to the test process that happened to start it: others of the same run use it for longer.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from ecluse.definition.model import Service
from ecluse.errors import EcluseError, ServiceError
from ecluse.machine import process
from ecluse.services import docker_services
from ecluse.services.kinds import KINDS, image_of
from ecluse.services.lease import Lease

__all__ = ["start"]


def start(service: Service, lease: Lease, environ: Mapping[str, str]) -> str:
    """Start *service* in a container that ends with *lease*; return its address. Raises ServiceError."""
    image = image_of(service, environ)
    with lease.end_of_file() as stdin:
        keeper = process.spawn(
            docker_services.argv("ecluse.services.keeper", environ, service.kind, image, str(lease.folder)),
            env=docker_services.environment(environ),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    assert keeper.stdout is not None
    with keeper.stdout:
        word, _, rest = keeper.stdout.readline().decode().strip().partition(" ")
    process.disown(keeper)
    if word != "ready":
        raise ServiceError(f"no container of {image}: {rest or 'its keeper ended'}")
    return rest


def main(kind: str, image: str, folder: str) -> None:
    """Start the container, tell where it is, wait for the end of file, remove it and the lease's folder."""
    try:
        with docker_services.start(KINDS[kind], image) as url:
            print("ready", url, flush=True)
            sys.stdin.read()
    except EcluseError as error:
        print("failed", " ".join(str(error).splitlines()), flush=True)
    finally:
        process.run(("rm", "-rf", folder), check=False)


if __name__ == "__main__":
    main(*sys.argv[1:4])
