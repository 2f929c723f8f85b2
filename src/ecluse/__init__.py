"""A Django change from pull request to users: define the pipeline once, in Python; run it anywhere."""

from ecluse.definition.model import (
    Build,
    Environment,
    ImageSpec,
    Job,
    Lock,
    Output,
    Pipeline,
    Providers,
    ReleaseSpec,
    Service,
    Worker,
)
from ecluse.definition.words import (
    CURRENT_PYTHON,
    all_of,
    any_of,
    command,
    ecluse,
    not_,
    pull_request,
    push,
    ship,
    tag,
    tox,
)

__version__ = "0.2.0"

__all__ = [
    "CURRENT_PYTHON",
    "Build",
    "Environment",
    "ImageSpec",
    "Job",
    "Lock",
    "Output",
    "Pipeline",
    "Providers",
    "ReleaseSpec",
    "Service",
    "Worker",
    "__version__",
    "all_of",
    "any_of",
    "command",
    "ecluse",
    "not_",
    "pull_request",
    "push",
    "ship",
    "tag",
    "tox",
]
