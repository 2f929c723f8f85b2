"""The front server alone: TLS, limits, a site that is away. With the site: tests/image, in docker-compose.ci.yml."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request

import pytest

from testbed.containers import answers, await_, inspect, port_of

pytestmark = pytest.mark.engine

LOCKED = (
    "--read-only",
    "--tmpfs",
    "/tmp",
    "--cap-drop",
    "ALL",
    "--publish",
    "127.0.0.1::8080",
    "--publish",
    "127.0.0.1::8443",
)


def up(container):
    await_(lambda: inspect(container)["State"].get("Health", {}).get("Status") == "healthy", "the front is healthy")
    return f"http://127.0.0.1:{port_of(container, 8080)}"


def test_front_with_a_certificate_redirects_to_https(start, built, certificate):
    container = start(*LOCKED, "--volume", f"{certificate}:/run/secrets:ro", "website-front:under-test")
    up(container)
    plain = http.client.HTTPConnection("127.0.0.1", int(port_of(container, 8080)), timeout=60)
    plain.request("GET", "/store/?page=2", headers={"Host": "shop.test"})
    answer = plain.getresponse()
    assert (answer.status, answer.headers["Location"]) == (308, "https://shop.test/store/?page=2")
    plain.close()
    trust = ssl.create_default_context(cafile=str(certificate / "tls_certificate"))
    address = f"https://127.0.0.1:{port_of(container, 8443)}/front-ping/"
    with urllib.request.urlopen(address, context=trust, timeout=60) as response:
        assert response.read() == b"pong\n"


def test_front_shows_an_uncached_page_while_the_site_is_away(start, built):
    container = start(*LOCKED, "--env", "SITE=127.0.0.1:1", "website-front:under-test")
    address = up(container)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{address}/store/", timeout=60)
    with caught.value as error:
        assert (error.code, error.headers["Cache-Control"]) == (502, "no-store")
        assert "Le site ne répond pas" in error.read().decode()


def test_front_shows_uploaded_pictures_and_downloads_the_rest(start, built, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    names = {"photo.png": None, "photo.JPG": None, "facture.pdf": "attachment", "page.html": "attachment"}
    names |= {"photo.png.html": "attachment", "png": "attachment", "clip.mp4": "attachment"}
    for name in names:
        (media / name).write_text("<script>alert(1)</script>")
    # The front server's account reads it by its own right.
    media.chmod(0o755)
    mounted = ("--volume", f"{media}:/srv/media:ro")
    address = up(start(*LOCKED, *mounted, "--env", "SITE=127.0.0.1:1", "website-front:under-test"))
    for name, disposition in names.items():
        with urllib.request.urlopen(f"{address}/media/{name}", timeout=60) as response:
            headers = response.headers
            assert headers["Content-Disposition"] == disposition, name
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_front_refuses_an_oversized_upload_itself(start, built):
    container = start(*LOCKED, "--env", "SITE=127.0.0.1:1", "website-front:under-test")
    address = up(container)
    client = http.client.HTTPConnection("127.0.0.1", int(address.rpartition(":")[2]), timeout=60)
    client.putrequest("POST", "/upload/")
    client.putheader("Content-Length", str(27 * 1024 * 1024))
    client.endheaders()
    answer = client.getresponse()
    assert answer.status == 413
    assert "Fichier trop grand" in answer.read().decode()
    client.close()


def test_forwarded_headers_are_trusted_only_from_the_proxy(start, built, network):
    echo = (
        "from wsgiref.simple_server import make_server\n"
        "def site(environ, start):\n"
        "    start('200 OK', [])\n"
        "    names = 'HTTP_X_FORWARDED_PROTO', 'HTTP_X_FORWARDED_FOR'\n"
        "    return [' '.join(environ.get(name, '-') for name in names).encode()]\n"
        "make_server('0.0.0.0', 8000, site).serve_forever()\n"
    )
    start("--network", network, "--network-alias", "web", "website:under-test", "python", "-c", echo)
    claim = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}

    stranger = up(start(*LOCKED, "--network", network, "website-front:under-test"))
    await_(lambda: answers(stranger)[0] == 200, "the site answers")
    protocol, client = answers(stranger, **claim)[1].split()
    assert protocol == "http"
    assert client != "192.0.2.7"

    trusted = up(start(*LOCKED, "--network", network, "--env", "TRUSTED_PROXY=0.0.0.0/0", "website-front:under-test"))
    await_(lambda: answers(trusted)[0] == 200, "the site answers")
    assert answers(trusted, **claim)[1].split() == ["https", "192.0.2.7"]
