"""A training loop that can be stopped at any moment and goes on where it was.

Samples come in shards, each drawn from its own seed, so that a run that was interrupted sees the same data as one that
was not. A checkpoint is the whole Keras model with its optimizer, written beside and renamed, and `progress.json`.
"""

import json
import logging
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import keras
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.runtime.clock import Clock
from vedette.runtime.cpu import multiplies_bfloat16, read_cpu_flags

Arrays = tuple[NDArray[np.generic], ...]
HISTORY = "history.jsonl"
"""A line for every shard: its number, seconds and loss so far, and the figures that `examine` gave."""
log = logging.getLogger(__name__)


def prepare_pictures(arrays: Arrays) -> Arrays:
    """Makes network inputs 0..1 of pictures of bytes; the targets carry their own weights."""
    pictures, targets = arrays
    return pictures.astype(np.float32) / 255, targets.astype(np.float32), np.ones(len(pictures), np.float32)


def training_dtype() -> str:
    """Keras' policy for layers that are trained: in bfloat16 where the processor multiplies it.

    The weights stay float32, so a network of that type takes them as they are.
    """
    return "mixed_bfloat16" if multiplies_bfloat16(read_cpu_flags()) else "float32"


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train. A shard is drawn once, joins a pool of the last few, and the pool is passed over `passes` times."""

    shards: int
    shard_samples: int
    pool_shards: int = 4
    batch: int = 32
    passes: float = 1.0
    peak_rate: float = 2e-3

    @property
    def steps_per_shard(self) -> int:
        return max(1, int(self.passes * self.shard_samples * self.pool_shards / self.batch))


@dataclass(frozen=True, slots=True)
class Method:
    """How weights are changed.

    Attributes:
        rate: Learning rate by the share of the plan that is done, 0..1.
    """

    optimizer: Callable[[], keras.optimizers.Optimizer]
    rate: Callable[[float], float]


def adamw(plan: Plan) -> Method:
    """AdamW, its rate risen over a fiftieth of the plan, at least a quarter of a shard."""
    rise = max(0.02, 0.25 / plan.shards)
    optimizer = lambda: keras.optimizers.AdamW(plan.peak_rate, weight_decay=1e-4)  # noqa: E731 -- one expression
    return Method(optimizer, lambda done: rise_and_fall(plan.peak_rate, done, rise))


def rise_and_fall(peak_rate: float, done: float, rise: float) -> float:
    """A learning rate that rises over the share `rise` of the plan and falls by a cosine to nearly nothing."""
    risen = min(1.0, done / rise + 0.05)
    return float(peak_rate * risen * (0.005 + 0.995 * (1 + np.cos(np.pi * done)) / 2))


@dataclass(frozen=True, slots=True)
class Progress:
    """What a checkpoint stands for."""

    shard: int = 0
    seconds: float = 0.0
    loss: float = 0.0


class Trainer:
    """Trains one model in a folder. `draw_shard(seed, count)` gives inputs, targets and weights as arrays.

    Args:
        method: The optimizer and its learning rate.
        examine: Asked after every shard; its figures stand in `history.jsonl` beside the loss.
        jit_compile: As Keras has it. Depthwise layers took ten times as long with it (27 and 277 ms a step on AVX2).
    """

    def __init__(
        self,
        *,
        folder: Path,
        plan: Plan,
        build: Callable[[], keras.Model],
        draw_shard: Callable[[int, int], Arrays],
        prepare: Callable[[Arrays], Arrays],
        loss: keras.losses.Loss,
        clock: Clock,
        tell: Callable[[str], None],
        method: Method | None = None,
        examine: Callable[[keras.Model], dict[str, float]] | None = None,
        jit_compile: bool | Literal["auto"] = "auto",
    ) -> None:
        self._folder, self._plan, self._build = folder, plan, build
        self._method, self._examine = method or adamw(plan), examine
        self._draw_shard, self._prepare, self._loss = draw_shard, prepare, loss
        self._clock, self._tell, self._jit_compile = clock, tell, jit_compile

    def run(self) -> keras.Model:
        """Trains to the end of the plan, or goes on from the last checkpoint; returns the trained model."""
        self._folder.mkdir(parents=True, exist_ok=True)
        model, progress = self._resumed()
        first = max(progress.shard - self._plan.pool_shards + 1, 0)
        pool: deque[Arrays] = deque(maxlen=self._plan.pool_shards)
        for shard, drawn in self._draw_ahead(first):
            began = self._clock.mono_ns()
            pool.append(drawn)
            if shard < progress.shard:
                continue  # seen before the interruption: only refills the pool
            loss = self._train_on(model, pool, shard)
            took = (self._clock.mono_ns() - began) / 1e9
            progress = Progress(shard + 1, progress.seconds + took, loss)
            figures = {} if self._examine is None else self._examine(model)
            self._save(model, progress, figures)
            left = (self._plan.shards - shard - 1) * progress.seconds / progress.shard
            told = "".join(f"  {name} {value:.4f}" for name, value in {"loss": loss, **figures}.items())
            self._tell(f"shard {shard + 1}/{self._plan.shards}{told}  {took:.0f} s, about {left / 60:.0f} min left")
        return model

    def _draw_ahead(self, first: int) -> Iterator[tuple[int, Arrays]]:
        """The plan's shards from this one on, each drawn by another thread while the one before it is trained on."""
        coming: Future[Arrays] | None = None
        with ThreadPoolExecutor(1) as drawing:
            for shard in range(first, self._plan.shards + 1):
                drawn = coming
                if shard < self._plan.shards:
                    coming = drawing.submit(self._draw_shard, shard, self._plan.shard_samples)
                if drawn is not None:
                    yield shard - 1, drawn.result()

    def _train_on(self, model: keras.Model, pool: deque[Arrays], shard: int) -> float:
        arrays = [np.concatenate(parts) for parts in zip(*pool, strict=True)]
        rng = np.random.default_rng((shard, 77))
        steps = max(1, int(self._plan.passes * len(arrays[0]) / self._plan.batch))
        order = np.concatenate([rng.permutation(len(arrays[0])) for _ in range(int(self._plan.passes) + 1)])
        total = 0.0
        for step in range(steps):
            model.optimizer.learning_rate.assign(self._method.rate((shard + step / steps) / self._plan.shards))
            chosen = order[step * self._plan.batch : (step + 1) * self._plan.batch]
            inputs, targets, weights = self._prepare(tuple(a[chosen] for a in arrays))
            total += float(model.train_on_batch(inputs, targets, sample_weight=weights))
            model.reset_metrics()
        return total / steps

    def _resumed(self) -> tuple[keras.Model, Progress]:
        path, note = self._folder / "checkpoint.keras", self._folder / "progress.json"
        if not note.is_file():
            model = self._build()
            model.compile(optimizer=self._method.optimizer(), loss=self._loss, jit_compile=self._jit_compile)
            return model, Progress()
        try:
            model = keras.saving.load_model(
                path, compile=True, custom_objects={type(self._loss).__name__: type(self._loss)}
            )
            progress = Progress(**json.loads(note.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise InvalidInputError(f"the checkpoint in {self._folder} cannot be read: {error}") from error
        self._tell(f"going on after shard {progress.shard}/{self._plan.shards}")
        return model, progress

    def _save(self, model: keras.Model, progress: Progress, figures: dict[str, float]) -> None:
        part = self._folder / "part.keras"
        model.save(part)
        part.replace(self._folder / "checkpoint.keras")
        history = self._folder / HISTORY
        told = history.read_text("utf-8").splitlines()[: progress.shard - 1] if history.is_file() else []
        told.append(json.dumps({**asdict(progress), **figures}))
        history.write_text("".join(f"{line}\n" for line in told), "utf-8")
        note = self._folder / "part.json"
        note.write_text(json.dumps(asdict(progress)), "utf-8")
        note.replace(self._folder / "progress.json")
