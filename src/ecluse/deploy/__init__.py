"""Bringing a release into service: the rollout's state machine, and the targets that know how."""
