"""Kinds of places that a release goes to. A target knows how, :mod:`ecluse.deploy.rollout` in which order."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ecluse.deploy.targets.server import Server

__all__ = ["TARGETS"]

TARGETS: Mapping[str, type[Server]] = MappingProxyType({"server": Server})
"""Every kind that an environment of pipeline.py may name."""
