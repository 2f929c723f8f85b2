"""The certificate: nginx names it only where it is there, and a refusal is said in a sentence."""

import pytest

from ecluse.remote.provisioner import certificate

SAID = """\
Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Domain: www.shop.example
  Type:   dns
  Detail: DNS problem: NXDOMAIN looking up A for www.shop.example

  Domain: shop.example
  Type:   connection
  Detail: 192.0.2.7: Timeout during connect

Ask for help or search for solutions. See the logfile /var/log/letsencrypt/letsencrypt.log for more details.
"""


def order(**tls):
    return {"folder": "ecluse/shop-live", "front": {"names": ["shop.example"], "tls": tls}}


def test_certificate_is_there_with_both_its_files(tmp_path):
    chain, key = tmp_path / "chain", tmp_path / "key"
    wanted = order(kind="Certificate", chain=str(chain), key=str(key))
    chain.touch()
    item = certificate.certificate(wanted, lambda: None)
    assert certificate.there(wanted) is None and item.late and item.change() == f"+{chain}\n+{key}\n"
    with pytest.raises(SystemExit, match="is not on the server: put it at"):
        item.apply()
    key.touch()
    assert certificate.there(wanted) == (str(chain), str(key)) and item.change() == ""


def test_certificate_of_a_proxy_is_none_of_ours():
    assert certificate.there(order(kind="TlsProxy", addresses=["10.0.0.5"])) is None


def test_authority_refusal_has_hostnames_and_reason():
    said = certificate.reason(SAID)
    assert said.startswith("it does not find shop.example and www.shop.example on this server: DNS problem: NXDOMAIN")
    assert certificate.reason("Saving debug log to x\nConnection refused\nAsk for help.") == "Connection refused"
    assert "/var/log/letsencrypt" in certificate.reason("")
