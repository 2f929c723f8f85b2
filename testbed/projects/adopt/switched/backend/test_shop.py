def test_page_has_hashed_style(client):
    assert b"store." in client.get("/shop/").content


def test_database_is_a_server(db):
    from django.db import connection

    assert connection.vendor in ("postgresql", "sqlite")
