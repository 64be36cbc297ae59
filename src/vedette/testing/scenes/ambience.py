"""Soft generated sound of a scene: wind and traffic far away, steps, passing cars. Seamless over the loop."""

import numpy as np
from numpy.typing import NDArray

from vedette.testing.scenes.scene import FPS, LOOP_S, Scene, depth_of
from vedette.testing.scenes.vehicle import Vehicle
from vedette.testing.scenes.view import Floats

_STEPS_PER_S = 2.0


def make_ambience(scene: Scene, rate_hz: int, seed: int) -> NDArray[np.int16]:
    """Makes (N,) int16 mono samples for one loop."""
    rng = np.random.default_rng(seed)
    count = LOOP_S * rate_hz
    total = 0.035 * _noise(rng, count, rate_hz, 320.0) + 0.012 * _noise(rng, count, rate_hz, 1800.0)
    time_s = np.arange(count) / rate_hz
    frames = np.arange(LOOP_S * FPS) / FPS
    for actor in scene.actors:
        track = actor.track
        nearness = np.zeros(len(frames))
        for index in np.flatnonzero(track.is_present & (track.speed > 0.2)):
            depth_m = depth_of(scene.view, np.array([*track.position[index], 0.0]))
            nearness[index] = 1 / (1 + (max(depth_m, 1.0) / 9) ** 2)
        loudness = np.interp(time_s, frames, nearness, period=LOOP_S)
        if not loudness.any():
            continue
        if isinstance(actor.look, Vehicle):
            total += 0.16 * loudness * _noise(rng, count, rate_hz, 240.0)
            total += 0.03 * loudness * np.sin(2 * np.pi * (62 + int(rng.integers(20))) * time_s)
        else:
            total += 0.22 * loudness**1.5 * _steps(rng, count, rate_hz)
    samples: NDArray[np.int16] = (np.clip(total, -0.9, 0.9) * 32_000).astype(np.int16)
    return samples


def _noise(rng: np.random.Generator, count: int, rate_hz: int, corner_hz: float) -> Floats:
    """Noise below a frequency; made in the frequency domain, so its end leads into its beginning."""
    frequency = np.fft.rfftfreq(count, 1 / rate_hz)
    spectrum = rng.normal(size=len(frequency)) + 1j * rng.normal(size=len(frequency))
    spectrum *= 1 / (1 + (frequency / corner_hz) ** 2)
    spectrum[0] = 0
    wave = np.fft.irfft(spectrum, count)
    scaled: Floats = wave / max(float(np.abs(wave).std()) * 3, 1e-9)
    return scaled


def _steps(rng: np.random.Generator, count: int, rate_hz: int) -> Floats:
    """Short soft knocks, two a second, never quite even."""
    length = int(0.07 * rate_hz)
    decay = np.exp(-np.arange(length) / (0.014 * rate_hz))
    wave = np.zeros(count + length)
    offset = float(rng.uniform(0, 0.5))
    for step in range(int(LOOP_S * _STEPS_PER_S)):
        start = int((offset + step / _STEPS_PER_S + float(rng.normal(0, 0.012))) * rate_hz) % count
        wave[start : start + length] += decay * rng.normal(0, 1, length) * float(rng.uniform(0.6, 1.0))
    wave[:length] += wave[count:]
    smooth = np.convolve(wave[:count], np.ones(5) / 5, mode="same")
    return np.asarray(smooth, np.float64)
