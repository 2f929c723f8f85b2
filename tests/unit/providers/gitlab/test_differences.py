from __future__ import annotations

from tests.support.providers.pipelines import RELEASES, job, lost, only, pipeline


def test_engine_beside_the_job_is_a_difference() -> None:
    found = lost(only("gitlab", pipeline(job("a", engine=True), job("b"))))
    assert [line.partition(":")[0] for line in found["gitlab-engine"]] == ["a"]


def test_approval_by_any_developer_is_a_difference() -> None:
    assert lost(only("gitlab", RELEASES))["gitlab-approval"][0].startswith(
        "deploy-production: the rollout to production"
    )
