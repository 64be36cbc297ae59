"""Renders one generated scene, in a process of its own that gives way to everything else.

Started by `vedette.node.sim` as `python -m vedette.node.scene_render FOLDER INDEX FRAMES`.
"""

import os
import sys
from pathlib import Path

import cv2

from vedette.runtime.process import die_with_parent
from vedette.testing.scenes.catalog import CATALOG, render_scene
from vedette.testing.scenes.scene import FRAMES

_NICE = 10


def main(arguments: list[str]) -> int:
    """Renders entry INDEX of the catalog; FRAMES fewer than the whole loop make its preview."""
    folder, index, frames = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    die_with_parent()
    os.nice(_NICE)
    cv2.setNumThreads(1)  # its threads would spin on cores that the recorder needs
    entry = CATALOG[index]
    files = entry.files(folder)
    render_scene(entry, files if frames == FRAMES else files.preview(), frames)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
