"""A registry that is a dictionary, and an engine that does as it is told: what images are tested on without either."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ecluse.errors import ImageError
from ecluse.image.engine import ImageDetails, PushFailed
from ecluse.image.names import RegistryAddress
from ecluse.image.registry import Manifest

__all__ = ["APP", "FRONT", "KIND", "OTHER", "MemoryEngine", "MemoryRegistry"]

KIND = "application/vnd.oci.image.manifest.v1+json"
APP, FRONT, OTHER = Manifest(KIND, b"app"), Manifest(KIND, b"front"), Manifest(KIND, b"other")


class MemoryRegistry:
    """A registry in memory, with the methods of :class:`ecluse.image.registry.Registry`. *content* has manifests by
    name and tag.
    """

    def __init__(self, content: Mapping[str, Mapping[str, Manifest]] | None = None) -> None:
        self.address = RegistryAddress("registry.example", "team/")
        self.content = {(name, tag): found for name, tags in (content or {}).items() for tag, found in tags.items()}
        self.puts: list[tuple[str, str]] = []

    def manifest(self, name: str, reference: str) -> Manifest | None:
        return self.content.get((name, reference))

    def put_manifest(self, name: str, tag: str, manifest: Manifest) -> None:
        self.puts.append((name, tag))
        self.content[name, tag] = manifest

    def tags(self, name: str) -> list[str]:
        return [tag for found, tag in self.content if found == name]


class MemoryEngine:
    """An engine in memory, with the methods of :class:`ecluse.image.engine.Engine`. *outcomes* are the results of its
    pushes, in order.
    """

    def __init__(
        self,
        registry: MemoryRegistry,
        *outcomes: Manifest | PushFailed,
        facts: Mapping[str, ImageDetails] | None = None,
    ) -> None:
        self.registry = registry
        self.outcomes = list(outcomes)
        self.facts = dict(facts or {})
        self.records = ""

    def inspect(self, image: str) -> ImageDetails:
        if image not in self.facts:
            raise ImageError(f"there is no image {image} here", hint="build it: ecluse image build")
        return self.facts[image]

    def output(self, image: str, script: str) -> str:
        return self.records

    def push(
        self,
        image: str,
        repository: str,
        tag: str,
        registry: RegistryAddress,
        *,
        patience: float,
        progress: Callable[[int, int], None],
    ) -> str:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, PushFailed):
            raise outcome
        progress(len(outcome.content), len(outcome.content))
        self.registry.content[repository.removeprefix("registry.example/team/"), tag] = outcome
        return outcome.digest
