"""Three health addresses, each for someone else: /ping/ a process manager, /readiness/ a rollout, /healthcheck/ people."""
