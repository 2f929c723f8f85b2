"""Three health addresses: /ping/ for a process manager, /readiness/ for a rollout, /healthcheck/ for people."""
