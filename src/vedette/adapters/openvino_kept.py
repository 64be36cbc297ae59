"""Opens a network from what an earlier start kept, else compiles it and has it kept.

OpenVINO's export is the network after all its changes to the graph, which is most of what compiling costs; machine
code is made anew at each import. A kept network is only ever a quicker way to the same one: it is used after it has
passed the tests that a compiled one passes, and one that does not is compiled again and replaced.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import openvino as ov

from vedette.runtime.cpu import read_cpu_flags
from vedette.vision.models.kept import KeptNetworks, NetworkRecipe
from vedette.vision.models.selftest import SelfTestFailedError

_DEVICE = "CPU"

ov.Tensor(np.zeros(1, np.uint8)).data.fill(0)
"""The binding makes its table of types at the first use, and lets go of the interpreter meanwhile: two threads that
came to it at once waited for each other for ever (OpenVINO 2026.4). So it is made here, before there are threads.
"""

_Used = TypeVar("_Used")


def open_network(
    core: ov.Core,
    recipe: NetworkRecipe,
    options: Mapping[str, str | int | bool],
    kept: KeptNetworks,
    build: Callable[[], ov.Model],
    use: Callable[[ov.CompiledModel], _Used],
) -> _Used:
    """Gives what `use` makes of the network.

    Args:
        core: The runtime.
        recipe: All that decides what is compiled.
        options: Of the runtime.
        kept: What earlier starts compiled.
        build: Reads the model and gives it its shape.
        use: Runs the network once and tests it. Raises what says that it cannot be used.

    Raises:
        RuntimeError: OpenVINO cannot build, compile or run it.
        SelfTestFailedError: by `use`, of the compiled network.
    """
    identity = recipe.identify(_describe_machine(core))
    found = kept.find(recipe.slot, identity)
    if found:
        try:
            return use(core.import_model(found, _DEVICE, dict(options)))
        except (RuntimeError, SelfTestFailedError):
            pass  # the parent hears of it: another one comes for the same slot
    compiled = core.compile_model(build(), _DEVICE, dict(options))
    used = use(compiled)
    if found is not None:
        kept.keep(recipe.slot, identity, _export(compiled))
    return used


def read_code(module_file: str) -> bytes:
    """The source of an adapter, for its recipes: a change of how it shapes a network makes other networks."""
    return Path(module_file).read_bytes()


def _export(compiled: ov.CompiledModel) -> bytes:
    exported = compiled.export_model()
    return bytes(exported) if isinstance(exported, bytes) else exported.getvalue()


def _describe_machine(core: ov.Core) -> list[str]:
    """Runtime and processor: a network compiled for another one runs, but is not the one that would be compiled."""
    name = core.get_property(_DEVICE, "FULL_DEVICE_NAME")
    return [ov.get_version(), str(name), *sorted(read_cpu_flags())]
