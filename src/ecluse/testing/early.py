"""The cluster that a run is likely to need, restored while Django is still being loaded."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ecluse.errors import EcluseError
from ecluse.services.throwaway import Server
from ecluse.testing.background import Background

__all__ = ["Early"]


class Early:
    """*server*, being started on the cluster in *archive* from now on."""

    def __init__(self, server: Server, archive: Path) -> None:
        self.archive = archive
        self.server = server

        def restore() -> None:
            server.restore(archive)
            server.start()

        self._begun = Background(restore)

    def finish(self) -> None:
        """Wait until the server answers. Raises what went wrong."""
        self._begun.finish()

    def discard(self) -> None:
        """Stop the server and delete its data: it is not the cluster that the run needs."""
        with contextlib.suppress(EcluseError, OSError):
            self._begun.finish()
        self.server.discard()
