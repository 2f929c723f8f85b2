from django.db import connection
from django.test import TestCase
from shop.models import Record


class Records(TestCase):
    def test_record_is_counted(self):
        Record.objects.create(title="Kind of Blue")
        self.assertContains(self.client.get("/"), "1 records")

    def test_database_is_named(self):
        print(f"the tests ran on {connection.vendor}")
