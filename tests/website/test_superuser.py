import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

PASSWORD = "Une-écluse-et-3-vannes"


@pytest.fixture(autouse=True)
def asked_for(monkeypatch, db):
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "chef")
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "chef@example.org")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)


def test_the_superuser_that_is_asked_for_is_made():
    call_command("ensure_superuser")
    user = User.objects.get()
    assert (user.username, user.email, user.is_superuser, user.is_staff) == ("chef", "chef@example.org", True, True)
    assert user.check_password(PASSWORD)


def test_superuser_command_run_twice_changes_nothing(monkeypatch, capsys):
    call_command("ensure_superuser")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "Un-autre-mot-2-passe")
    call_command("ensure_superuser")
    assert User.objects.get().check_password(PASSWORD)
    assert "chef exists already" in capsys.readouterr().out


def test_superuser_is_not_made_unless_asked_for(monkeypatch):
    monkeypatch.delenv("DJANGO_SUPERUSER_USERNAME")
    call_command("ensure_superuser")
    assert not User.objects.exists()


def test_the_password_may_stand_in_a_file(monkeypatch, tmp_path):
    monkeypatch.delenv("DJANGO_SUPERUSER_PASSWORD")
    (tmp_path / "password").write_text(PASSWORD + "\n")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD_FILE", str(tmp_path / "password"))
    call_command("ensure_superuser")
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize("weak", ["", "court", "12345678901", "chef@example.org"])
def test_a_weak_password_is_refused_with_the_reason(monkeypatch, weak):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", weak)
    with pytest.raises(CommandError, match="DJANGO_SUPERUSER_PASSWORD is refused: "):
        call_command("ensure_superuser")
    assert not User.objects.exists()
