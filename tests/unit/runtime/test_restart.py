"""When processes are started again."""

from vedette.runtime.restart import HangPolicy, RestartPolicy


def test_first_restart_is_at_once_so_that_recording_loses_little() -> None:
    assert RestartPolicy().plan_delay_s(0) <= 0.05


def test_a_process_that_dies_at_start_does_not_spin() -> None:
    policy = RestartPolicy()
    delays = []
    deaths = 0
    for _ in range(12):
        deaths = policy.count_quick_deaths(deaths, lived_s=0.1)
        delays.append(policy.plan_delay_s(deaths))
    assert delays == sorted(delays)
    assert delays[-1] == policy.max_delay_s


def test_health_forgets_earlier_deaths() -> None:
    policy = RestartPolicy()
    assert policy.count_quick_deaths(9, lived_s=policy.healthy_after_s) == 0


def test_a_slow_start_is_not_a_hang() -> None:
    assert not HangPolicy().is_hung(3600.0, has_answered=False)


def test_silence_after_an_answer_is_a_hang() -> None:
    policy = HangPolicy(silent_s=30.0)
    assert not policy.is_hung(29.9, has_answered=True)
    assert policy.is_hung(30.0, has_answered=True)
