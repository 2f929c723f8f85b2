from chat.models import Line
from chat.tasks import say
from django.test import TestCase


class Tasks(TestCase):
    def test_task_says_a_line(self):
        say("hello")
        self.assertEqual(Line.objects.count(), 1)
