"""The plugin for tox: its environments get the pytest plugin and the addresses of services, whatever they pass on.

tox keeps variables from its commands unless ``pass_env`` names them. A project that is not ours names none of these.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tox.plugin import impl

from ecluse.services.equipment import added, passed_on

if TYPE_CHECKING:
    from tox.tox_env.api import ToxEnv

__all__ = ["tox_before_run_commands"]

# As it was found on PYTHONPATH, where it is a link.
_PACKAGES = str(Path(__file__).parents[2])


@impl
def tox_before_run_commands(tox_env: ToxEnv) -> None:
    """Add the variables. A value that the project sets itself (``set_env``) stays; lists get longer."""
    environ = tox_env.environment_variables
    wanted = {name: value for name, value in passed_on(os.environ).items() if name not in environ}
    tox_env.conf["set_env"].update({**wanted, **added(environ, _PACKAGES)}, override=True)
