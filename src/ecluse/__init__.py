"""A Django change from pull request to users: define the pipeline once, in Python; run it anywhere."""

from ecluse.definition.model import (
    "Backup",
