import json

from ecluse.image.engine import ImageDetails
from ecluse.image.sbom import sbom

RECORDS = """Package: libssl3t64
Status: install ok installed
Architecture: amd64
Version: 3.5.1-1+deb13u1
Description: a library
 of several lines
-- deb
Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0
-- deb
-- deb
Metadata-Version: 2.4
Name: Django
Version: 5.2.19

-- pypi
Metadata-Version: 2.4
Name: Django
Version: 5.2.19

-- pypi
"""

FACTS = ImageDetails(
    "sha256:1",
    "2026-01-01T00:00:00Z",
    1,
    {"org.opencontainers.image.title": "website", "org.opencontainers.image.revision": "4b825dc"},
    "10001",
    (),
    (),
)


class Engine:
    def inspect(self, image):
        return FACTS

    def output(self, image, script):
        return RECORDS


def test_sbom_lists_installed_packages_once_and_no_removed_ones():
    bill = json.loads(sbom(Engine(), "website:built"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert [one["purl"] for one in bill["components"]] == [
        "pkg:deb/debian/libssl3t64@3.5.1-1%2Bdeb13u1?arch=amd64",
        "pkg:pypi/django@5.2.19",
    ]
    assert bill["metadata"]["component"]["name"] == "website"
    assert bill["metadata"]["component"]["version"] == "4b825dc"


def test_sbom_of_one_image_never_changes():
    assert sbom(Engine(), "website:built") == sbom(Engine(), "website:built")
