"""Receivers, mail and quiet hours: mistakes are refused, and no secret stands in the definition."""

from typing import Any

import pytest

from ecluse.definition.monitoring import Monitoring, QuietHours, Receiver
from ecluse.monitoring.telling import problems, secret_names

MAIL: dict[str, Any] = {"mail_server": "smtp.shop.example:587", "mail_from": "alerts@shop.example"}


@pytest.mark.parametrize(
    ("monitoring", "field", "what"),
    [
        (Monitoring(receivers=(Receiver("team"),)), "receivers[0]", "has no address"),
        (Monitoring(receivers=(Receiver("The team", mail="a@b"),), **MAIL), "receivers[0]", "is not a name"),
        (Monitoring(receivers=(Receiver("team", mail="team"),), **MAIL), "receivers[0].mail", "not a mail address"),
        (Monitoring(receivers=(Receiver("team", mail="a@b"),)), "mail_server", "needs mail_server and mail_from"),
        (Monitoring(receivers=(Receiver("team", mail="a@b"),) * 2, **MAIL), "receivers", "2 receivers have the name"),
        (Monitoring(**{**MAIL, "mail_server": "smtp"}), "mail_server", "not a server and its port"),
        (Monitoring(**MAIL, mail_user="me"), "mail_user", "has mail_user and mail_secret"),
        (Monitoring(receivers=(Receiver("team", webhook="x"),)), "receivers[0].webhook", "not the address of a page"),
        (
            Monitoring(receivers=(Receiver("team", slack_secret="https://chat.example/T0"),)),
            "receivers",
            "never the secret itself",
        ),
        (Monitoring(quiet_hours=(QuietHours(begin="25:00", end="7:00"),)), "quiet_hours[0]", "'25:00' is not a time"),
        (Monitoring(quiet_hours=(QuietHours(begin="22:00", end="22:00"),)), "quiet_hours[0]", "begins when it ends"),
        (Monitoring(quiet_hours=(QuietHours(begin="1:00", end="07:00"),)), "quiet_hours[0]", "'1:00' is not a time"),
    ],
)
def test_receiver_with_a_mistake_is_refused(monitoring: Monitoring, field: str, what: str) -> None:
    found = list(problems(monitoring))
    assert (field, what) in [(name, what) for name, said in found if what in said], found


@pytest.mark.parametrize(
    "url",
    [
        "https://user:password@chat.example/hook",
        "https://chat.example/hook?token=1",
        "https://chat.example/services/T00000000/B00000000/xyz0123456789abcdef",
    ],
)
def test_address_with_a_secret_in_it_is_refused_unseen(url: str) -> None:
    [(field, what)] = problems(Monitoring(receivers=(Receiver("team", webhook=url),)))
    assert field == "receivers[0].webhook" and "webhook_secret" in what and url not in what


def test_secrets_are_named_once_each() -> None:
    receivers = (Receiver("one", webhook_secret="A", slack_secret="B"), Receiver("two", webhook_secret="A"))
    wanted = Monitoring(receivers=receivers, **MAIL, mail_user="me", mail_secret="C")
    assert secret_names(wanted) == ("A", "B", "C") and not list(problems(wanted))
    assert not list(problems(Monitoring(receivers=(Receiver("team", webhook="http://127.0.0.1:9999/alerts"),))))
