"""Hazards of a file's own times."""

import io
from itertools import pairwise

from tests.support.encoded import write_reordered_avi, write_square_file
from vedette.media.decode import FileFrames


def test_times_of_reordered_pictures_in_avi_do_not_jump_back() -> None:
    times = [frame.pts_90k for frame in FileFrames(io.BytesIO(write_reordered_avi())).frames()]
    assert len(times) == 30
    steps = [later - earlier for earlier, later in pairwise(times)]
    assert min(steps) >= 0
    assert set(steps[6:]) == {9000}


def test_presentation_times_are_kept_where_they_are_good() -> None:
    times = [frame.pts_90k for frame in FileFrames(io.BytesIO(write_square_file(frames=12))).frames()]
    assert times == [step * 9000 for step in range(12)]
