"""Several frames of one object: what pooling, MAP and the sequential stop make of them.

The parameters (lambda, delta) are chosen on one half of the tracks and measured on the other, both ways round.
"""

import numpy as np

from evals.common import Figures
from evals.search_data import SearchData
from vedette.runtime.clock import SystemClock
from vedette.search.frames import choose_delta, choose_weight, follow_frames, pool_frames, score_map
from vedette.search.index import SearchIndex
from vedette.search.kernels import Floats, NumpyKernels, Rows

_ALLOWED_SHARE = 0.01


def measure_frames(data: SearchData) -> Figures:
    """Accuracy of one frame, of all joined in three ways, and of as many as the rule asks for."""
    index = SearchIndex(data.gallery.shape[1], NumpyKernels(), SystemClock())
    index.fit(data.gallery, np.arange(len(data.gallery)), data.gallery_labels)
    names, to_classes = index.class_distances(data.queries)
    members = [np.flatnonzero(data.tracks == track) for track in np.unique(data.tracks[data.tracks >= 0])]
    places = np.array([int(np.searchsorted(names, data.queries_labels[rows[0]])) for rows in members])
    tracks = [to_classes[rows] for rows in members]
    pooled = index.class_distances(np.array([pool_frames(data.queries[rows]) for rows in members]))[1]
    between = find_between(index, data.gallery, data.gallery_labels, names)
    answers = [learn_and_answer(tracks, places, between, np.arange(len(tracks)) % 2 == half) for half in (0, 1)]
    by_map = np.concatenate([one[0] for one in answers])
    stopped = np.concatenate([one[1] for one in answers])
    used = sum(one[2] for one in answers)
    summed = np.array([int(track.sum(axis=0).argmin()) for track in tracks])
    single = np.concatenate([track.argmin(axis=1) == place for track, place in zip(tracks, places, strict=True)])
    return {
        "tracks": len(tracks),
        "frames_accuracy_single": float(single.mean()),
        "frames_accuracy_summed": float((summed == places).mean()),
        "frames_accuracy_pooling": float((pooled.argmin(axis=1) == places).mean()),
        "frames_accuracy_map": float(by_map.mean()),
        "frames_accuracy_stopped": float(stopped.mean()),
        "frames_saved": 1 - used / sum(map(len, tracks)),
    }


def find_between(index: SearchIndex, vectors: Floats, labels: Rows, names: Rows) -> Floats:
    """(C, C) mean least distances of the entries of one class to another."""
    to_classes = index.class_distances(vectors)[1]
    between = np.array([to_classes[labels == name].mean(axis=0) for name in names])
    np.fill_diagonal(between, 0)
    return ((between + between.T) / 2).astype(np.float32)


def learn_and_answer(
    tracks: list[Floats], places: Rows, between: Floats, is_learnt: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Which of the other half are right by MAP, and by the sequential stop; frames that these looked at."""
    learnt = [track for track, chosen in zip(tracks, is_learnt, strict=True) if chosen]
    weight = choose_weight(learnt, between, places[is_learnt])
    delta = choose_delta(learnt, _ALLOWED_SHARE)
    asked = [(tracks[at], places[at]) for at in np.flatnonzero(~is_learnt)]
    by_map = np.array([int(score_map(track, between, weight).argmin()) == place for track, place in asked])
    stopped = [follow_frames(track, delta) for track, _ in asked]
    right = np.array([one.place == place for one, (_, place) in zip(stopped, asked, strict=True)])
    return by_map, right, sum(one.frames for one in stopped)
