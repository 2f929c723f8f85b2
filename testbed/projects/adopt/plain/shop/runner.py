"""A test runner of the project's own."""

from django.test.runner import DiscoverRunner


class Announcing(DiscoverRunner):
    def setup_test_environment(self, **kwargs):
        super().setup_test_environment(**kwargs)
        print("the project's own runner")
