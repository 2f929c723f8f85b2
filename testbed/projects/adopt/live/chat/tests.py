from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from chat.models import Line
from chat.tasks import say
from django.test import TestCase


class Tasks(TestCase):
    def test_task_says_a_line(self):
        say("hello")
        self.assertEqual(Line.objects.count(), 1)

    def test_task_is_sent(self):
        say.delay("later")


class Messages(TestCase):
    def test_message_arrives(self):
        layer = get_channel_layer()

        async def sent_and_received():
            await layer.send("room", {"type": "said", "text": "hello"})
            return await layer.receive("room")

        self.assertEqual(async_to_sync(sent_and_received)()["text"], "hello")
