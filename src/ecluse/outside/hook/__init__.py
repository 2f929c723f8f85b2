"""The hook that Python imports when it starts: it is copied, and imports nothing of Écluse but for tests."""
