from chat.models import Line
from chat.tasks import say
from django.http import HttpResponse
from django.urls import path


def page(request):
    return HttpResponse("\n".join(Line.objects.values_list("text", flat=True)))


def send(request, text):
    say.delay(text)
    return HttpResponse(status=202)


urlpatterns = [path("", page), path("say/<text>/", send)]
