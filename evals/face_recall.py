"""How many of the faces that the standard detector finds the default pack's finds too, in any pictures and videos.

The standard pack's sure faces with sides of at least 24 pixels are the reference, as nobody labelled the clips; a face
is found when a box overlaps it by an IoU of 0.5. Whole pictures are searched, as for still pictures, of a video one
frame in 0.4 s. `recall` and `precision` are those at the release's threshold.
"""

from pathlib import Path

from evals.common import SHARED, Figures, fingerprint, installed_models, make_parser, write_result
from vedette.lab.detector.pictures import files_below, read_images
from vedette.lab.faces.recall import Tally
from vedette.node.face_recognizer import make_picture_face_detector


def measure(files: list[Path]) -> tuple[Figures, str]:
    """Figures over all pictures of the files, and the release."""
    tally = Tally()
    with installed_models("yunet-n", "face-detector") as models:
        theirs = make_picture_face_detector(models["yunet-n"])
        ours = make_picture_face_detector(models["face-detector"])
        for file in files:
            for image in read_images(file):
                tally.add(theirs.detect(image).boxes, ours.detect(image).boxes)
    figures: Figures = {
        "recall": tally.recall,
        "precision": tally.precision,
        "reference_faces": tally.reference,
    }
    return figures, ours.release


def main() -> None:
    given = make_parser(__doc__, SHARED / "data/orl_faces").parse_args()
    files = sorted(files_below(given.data))
    if not files:
        raise SystemExit(f"{given.data} holds no picture and no video")
    figures, release = measure(files)
    root = given.data if given.data.is_dir() else given.data.parent
    write_result(figures, release, fingerprint(files, root), given.json)


if __name__ == "__main__":
    main()
