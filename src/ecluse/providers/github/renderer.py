"""A pipeline as GitHub Actions reads it: the parts of a :class:`~ecluse.providers.renderer.Renderer`."""

from ecluse.providers.github.billing import billed, proved
from ecluse.providers.github.conditions import expression as condition
from ecluse.providers.github.differences import DIFFERENCES
from ecluse.providers.github.doctor import examine
from ecluse.providers.github.rules import check
from ecluse.providers.github.settings import advice
from ecluse.providers.github.workflow import files

__all__ = ["DIFFERENCES", "advice", "billed", "check", "condition", "examine", "files", "proved"]
