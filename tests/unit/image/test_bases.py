from ecluse.image.bases import mirrored

DOCKERFILE = """
# FROM nothing
FROM python:3.13-slim-trixie AS requirements
FROM --platform=$BUILDPLATFORM node:24-slim AS clientbuilder
from clientbuilder as clienttests
FROM Requirements AS static
FROM team/base
FROM python:3.13-slim-trixie
FROM quay.io/team/base:1
FROM localhost/base
FROM host:5000/base
FROM scratch
FROM $BASE
"""


def test_images_of_docker_hub_are_taken_from_the_mirror():
    assert mirrored(DOCKERFILE, lambda name: f"mirror.example/{name}") == {
        "python:3.13-slim-trixie": "mirror.example/python:3.13-slim-trixie",
        "node:24-slim": "mirror.example/node:24-slim",
        "team/base": "mirror.example/team/base",
    }
