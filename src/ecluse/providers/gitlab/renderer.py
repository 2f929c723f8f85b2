"""A pipeline as GitLab CI/CD reads it: the parts of a :class:`~ecluse.providers.renderer.Renderer`."""

from ecluse.providers.findings import nothing_to_ask as examine
from ecluse.providers.gitlab.billing import billed, proved
from ecluse.providers.gitlab.conditions import expression as condition
from ecluse.providers.gitlab.config import advice, files
from ecluse.providers.gitlab.differences import DIFFERENCES
from ecluse.providers.gitlab.rules import check

__all__ = ["DIFFERENCES", "advice", "billed", "check", "condition", "examine", "files", "proved"]
