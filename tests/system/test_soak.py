"""The short form of `benchmarks.soak`: an hour of drift, outages, clock steps and expiry loses and doubles nothing."""

from benchmarks.soak import run_soak


def test_pain_14_an_hour_of_drifting_cameras_and_stepping_clocks_loses_nothing(tmp_path) -> None:
    figures = run_soak(tmp_path, 1.0, 20 << 20, step_every_s=1000)
    assert figures["outages"] > 2
    assert figures["frames_kept"] > 10_000
    wrong = ("frames_missing", "frames_twice", "unexplained_gaps", "untold_outages", "used_over_limit_bytes")
    assert {name: figures[name] for name in wrong} == dict.fromkeys(wrong, 0)
    assert figures["descriptor_growth"] <= 0
    assert figures["memory_growth_mib"] < 8  # pain 14: systems that are restarted every week by a timer
