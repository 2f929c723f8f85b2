"""The software bill of materials of an image, in CycloneDX: what is really installed, not what was requested.

https://cyclonedx.org/docs/1.6/json/ and, for the package URLs, https://github.com/package-url/purl-spec
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from email.parser import HeaderParser
from urllib.parse import quote

from ecluse.image.engine import Engine

__all__ = ["sbom"]

# The heads of Debian's and Python's own records of what is installed, by the image's own shell: each a record, then a
# line of its kind. An image without one of them has none of its kind.
_RECORDS = r"""
sed 's/^$/-- deb/' /var/lib/dpkg/status 2>/dev/null; echo '-- deb'
find / -xdev -path '*.dist-info/METADATA' -exec sed -n '1,/^$/p' {} \; -exec echo '-- pypi' \; 2>/dev/null
"""

_OURS = uuid.UUID("6f1d3a52-3c0b-4a1e-8a52-2f7a0b6f9a10")


def sbom(engine: Engine, image: str) -> str:
    """The bill of materials of *image* as JSON; the same image always gives the same text."""
    config = engine.inspect(image)
    components = sorted(_components(engine.output(image, _RECORDS)), key=lambda one: one["bom-ref"])
    labels = config.labels
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_OURS, config.id)}",
        "version": 1,
        "metadata": {
            "timestamp": labels.get("org.opencontainers.image.created", config.created),
            "tools": {"components": [{"type": "application", "name": "ecluse"}]},
            "component": {
                "type": "container",
                "bom-ref": config.id,
                "name": labels.get("org.opencontainers.image.title", image),
                "version": labels.get("org.opencontainers.image.revision", config.id),
            },
        },
        "components": components,
    }
    return json.dumps(bill, indent=1) + "\n"


def _components(text: str) -> Iterator[dict[str, str]]:
    seen: set[str] = set()
    record: list[str] = []
    for line in text.splitlines():
        if not line.startswith("-- "):
            record.append(line)
            continue
        component = _component(line.removeprefix("-- "), "\n".join(record))
        record = []
        if component is not None and component["bom-ref"] not in seen:
            seen.add(component["bom-ref"])
            yield component


def _component(kind: str, record: str) -> dict[str, str] | None:
    fields = HeaderParser().parsestr(record)
    if kind == "deb":
        name, version, architecture = fields.get("Package"), fields.get("Version"), fields.get("Architecture")
        if not name or not version or "installed" not in fields.get("Status", "").split():
            return None
        purl = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}"
    else:
        name, version = fields.get("Name"), fields.get("Version")
        if not name or not version:
            return None
        purl = f"pkg:pypi/{quote(name.lower().replace('_', '-'))}@{quote(version)}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
