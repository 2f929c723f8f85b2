"""The files of nginx, as texts."""

from dataclasses import replace

from ecluse.remote.provisioner.nginx_files import NginxSite, shared_file

FRONT = {
    "names": ["shop.example", "www.shop.example"],
    "tls": {"kind": "Acme"},
    "upload_megabytes": 10,
    "hsts_seconds": 0,
    "media": True,
    "admin": "/admin/",
    "admin_from": [],
}
PAIR = ("/etc/ssl/shop.pem", "/etc/ssl/shop.key")
SITE = NginxSite("shop-live", FRONT, "/home/shop/place", 8001, PAIR, True, "13")


def lines(site):
    return [line.strip() for line in site.file().splitlines()]


def with_front(**fields):
    return lines(replace(SITE, front={**FRONT, **fields}))


def test_certificate_that_is_not_there_is_not_named():
    found = lines(replace(SITE, certificate=None))
    assert not [line for line in found if "ssl" in line] and 'return 503 "No certificate yet.\\n";' in found
    assert "location ^~ /.well-known/acme-challenge/ {" in found


def test_http_is_sent_to_https_and_asks_the_site_nothing():
    plain, encrypted = replace(SITE).file().split("server {")[1:]
    assert "return 308 https://$host$request_uri;" in plain and "proxy_pass" not in plain
    assert "proxy_pass http://127.0.0.1:8001;" in encrypted and "listen [::]:443 ssl;" in encrypted


def test_old_nginx_gets_http2_in_its_old_place():
    assert "http2 on;" in lines(SITE)
    found = lines(replace(SITE, debian="12", ipv6=False))
    assert "listen 443 ssl http2;" in found and "http2 on;" not in found
    assert not [line for line in found if "[::]" in line]


def test_choices_of_the_front_stand_in_the_file():
    found = with_front(upload_megabytes=3, hsts_seconds=60, media=False, admin="/boss/", admin_from=["192.0.2.0/24"])
    assert "client_max_body_size 3m;" in found and "location ^~ /media/ {" not in found
    at = found.index("location ^~ /boss/ {")
    assert found[at + 1 : at + 3] == ["allow 192.0.2.0/24;", "deny all;"]
    assert 'add_header Strict-Transport-Security "max-age=60" always;' in found
    assert not [line for line in with_front() if "Strict-Transport" in line or line == "deny all;"]


def test_proxy_alone_is_answered_and_believed():
    found = with_front(tls={"kind": "TlsProxy", "addresses": ["10.0.0.5"]})
    assert found[1:4] == ["geo $realip_remote_addr $ecluse_proxied_shop_live {", "default 0;", "10.0.0.5 1;"]
    assert "if ($ecluse_proxied_shop_live = 0) {" in found and "set_real_ip_from 10.0.0.5;" in found
    assert "proxy_set_header X-Forwarded-Proto $ecluse_scheme_of_proxy;" in found
    assert not [line for line in found if "443" in line or "ssl" in line]


def test_every_location_with_a_header_of_its_own_has_them_all():
    """nginx gives a location that adds a header none of those that its server adds."""
    blocks = with_front(hsts_seconds=60)
    starts = [number for number, line in enumerate(blocks) if line.startswith("location")]
    for start in starts:
        block = blocks[start : blocks.index("}", start)]
        if any("add_header" in line for line in block) and "return 503" not in block[-1]:
            assert any("Strict-Transport-Security" in line for line in block), block
            assert any("X-Content-Type-Options" in line for line in block), block


def test_names_that_no_site_has_are_answered_by_nothing():
    text = shared_file(ipv6=False)
    assert "return 444;" in text and "ssl_reject_handshake on;" in text and "[::]" not in text
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in text  # those of a port are those of its default server
