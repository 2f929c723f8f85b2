"""The first superuser, where the environment asks for one: DJANGO_SUPERUSER_USERNAME, _EMAIL and _PASSWORD."""

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from settings.env import Environment


class Command(BaseCommand):
    help = (
        "Make the superuser named by DJANGO_SUPERUSER_USERNAME, with DJANGO_SUPERUSER_EMAIL and _PASSWORD "
        "(each may stand in a file: NAME_FILE). One that exists is left as it is; without a name nothing is made."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        env = Environment(os.environ)
        name = env.text("DJANGO_SUPERUSER_USERNAME")
        password = env.text("DJANGO_SUPERUSER_PASSWORD")
        email = env.text("DJANGO_SUPERUSER_EMAIL")
        env.refuse("ensure_superuser")
        if not name:
            self.stdout.write("DJANGO_SUPERUSER_USERNAME is not set: no superuser asked for.")
            return
        users = get_user_model()
        if users.objects.filter(username=name).exists():
            self.stdout.write(f"{name} exists already: left as it is.")
            return
        user = users(username=name, email=email)
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(f"DJANGO_SUPERUSER_PASSWORD is refused: {' '.join(error.messages)}") from error
        try:
            with transaction.atomic():
                users.objects.create_superuser(name, email, password)
        except IntegrityError:
            # Two replicas start at once: the other one was faster.
            self.stdout.write(f"{name} exists already: left as it is.")
        else:
            self.stdout.write(f"{name} made.")
