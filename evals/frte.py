"""Runs the face templates as NIST's FRTE 1:1 validation runs a submission, and writes the logs that it writes.

`create`: an input file of lines `ID PICTURE LABEL` becomes one `ID.template` each, and a log. `match`: lines
`ENROLLED VERIFIED` of template files become scores. `run`, which is also what is done when nothing is said: LFW's
`pairs.txt`, IJB's templates and matches, or without either all pairs of `<person>/*`, become such input files, go
through both, and the figures are made of the log alone. A template of several pictures has several lines with its
id; the log has the first of them. The system's own C++ shim is not here: docs/design/recognition.md.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, installed_models, write_result
from evals.face_pairs import PairList, pair_everybody, read_lfw_pairs, read_template_matches
from evals.faces import figure_verification
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.node.face_recognizer import make_picture_face_detector
from vedette.vision.recognize.face_protocol import Verification
from vedette.vision.recognize.face_traits import FaceEmbedder
from vedette.vision.recognize.frte import CreatedTemplate, EyePair, FaceVerifier, ReturnCode

CREATE_HEADER = (
    "id image templateSizeBytes returnCode isLeftEyeAssigned isRightEyeAssigned xleft yleft xright yright quality"
)
MATCH_HEADER = "enrollTempl verifTempl simScore returnCode"
_LABEL = "WILD"


def read_lines(path: Path, words: int) -> list[list[str]]:
    """The words of each line. Ends with the first line that has another number of them."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    for number, row in enumerate(rows, 1):
        if len(row) != words:
            raise SystemExit(f"{path}, line {number}: {len(row)} words, not {words} (a path may have no spaces)")
    return rows


def create_templates(verifier: FaceVerifier, source: Path, pictures: Path, templates: Path, log: Path) -> None:
    """Makes all templates of an input file; a picture that cannot be read is one that cannot be parsed."""
    templates.mkdir(parents=True, exist_ok=True)
    paths: dict[str, list[str]] = {}
    for name, path, _ in read_lines(source, 3):
        paths.setdefault(name, []).append(path)
    lines = [CREATE_HEADER]
    for name, given in paths.items():
        created = verifier.create_template([read_rgb(pictures / path) for path in given])
        (templates / f"{name}.template").write_bytes(created.template)
        lines.append(tell_created(name, given[0], created))
    log.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def tell_created(name: str, path: str, created: CreatedTemplate) -> str:
    """One line of the log of templates; eyes are those of the first picture."""
    eyes = created.eyes[0] if created.eyes else EyePair()
    places = [value for eye in (eyes.left_xy, eyes.right_xy) for value in (eye or (0, 0))]
    assigned = [int(eye is not None) for eye in (eyes.left_xy, eyes.right_xy)]
    words = [name, path, len(created.template), int(created.code), *assigned, *places, created.quality]
    return " ".join(map(str, words))


def match_all(verifier: FaceVerifier, source: Path, templates: Path, log: Path) -> None:
    """Compares all pairs of an input file."""
    lines = [MATCH_HEADER]
    for enrolled, verified in read_lines(source, 2):
        code, similarity = verifier.match_templates(
            (templates / verified).read_bytes(), (templates / enrolled).read_bytes()
        )
        lines.append(f"{enrolled} {verified} {similarity:.9g} {int(code)}")
    log.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_rgb(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB; empty when it is no picture."""
    image = cv2.imread(str(path))
    return np.zeros((0, 0, 3), np.uint8) if image is None else np.asarray(image[:, :, ::-1], np.uint8)


def write_inputs(given: PairList, folder: Path, out: Path) -> None:
    """Writes `enroll.txt`, `verif.txt` and `match.txt` of a list of pairs: the first of a pair is enrolled."""
    out.mkdir(parents=True, exist_ok=True)
    for column, (letter, name) in enumerate((("e", "enroll"), ("v", "verif"))):
        rows = sorted({int(row) for row in given.pairs[:, column]})
        lines = (f"{letter}{row} {path.relative_to(folder)} {_LABEL}" for row in rows for path in given.sets[row])
        _write_lines(out / f"{name}.txt", lines)
    _write_lines(out / "match.txt", (f"e{first}.template v{second}.template" for first, second in given.pairs))


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_scores(log: Path, is_same: np.ndarray) -> Verification:
    """The scores of a log of matches in the order of the pairs; a comparison that failed is rejected."""
    header, *rows = read_lines(log, 4)
    if " ".join(header) != MATCH_HEADER or len(rows) != len(is_same):
        raise SystemExit(f"{log} is no log of {len(is_same)} matches")
    scores = np.array([float(row[2]) if int(row[3]) == ReturnCode.SUCCESS else -np.inf for row in rows])
    return Verification(np.sort(scores[is_same]), np.sort(scores[~is_same]))


def run_pairs(verifier: FaceVerifier, given: PairList, folder: Path, out: Path) -> Figures:
    """All three steps, and the figures of the last log."""
    write_inputs(given, folder, out)
    for name in ("enroll", "verif"):
        create_templates(verifier, out / f"{name}.txt", folder, out / "templates", out / f"{name}.log")
    match_all(verifier, out / "match.txt", out / "templates", out / "match.log")
    failed = sum(int(row[3]) != 0 for name in ("enroll", "verif") for row in read_lines(out / f"{name}.log", 11)[1:])
    return figure_verification(read_scores(out / "match.log", given.is_same)) | {"templates_failed": failed}


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=["create", "match", "run"], nargs="?", default="run")
    parser.add_argument("--data", type=Path, default=SHARED / "data/orl_faces", help="folder of the pictures")
    parser.add_argument("--input", type=Path, help="create, match: FRTE's input file")
    parser.add_argument("--out", type=Path, help="folder for templates and logs [run: one that is gone afterwards]")
    parser.add_argument("--log", default="", help="create, match: name of the log [the input's, .log]")
    parser.add_argument("--pairs", type=Path, help="run: LFW's pairs.txt")
    parser.add_argument("--templates", type=Path, help="run: IJB's CSV of templates, with --matches")
    parser.add_argument("--matches", type=Path, help="run: IJB's CSV of pairs of templates")
    parser.add_argument("--json", type=Path, help="run: write the figures here")
    return parser


def _run(verifier: FaceVerifier, given: argparse.Namespace, release: str) -> None:
    if given.pairs is not None:
        pairs = read_lfw_pairs(given.pairs, given.data)
    elif given.templates is not None and given.matches is not None:
        pairs = read_template_matches(given.templates, given.matches, given.data)
    else:
        pairs = pair_everybody(given.data)
    with TemporaryDirectory() as folder:
        figures = run_pairs(verifier, pairs, given.data, given.out or Path(folder))
    paths = sorted({path for pictures in pairs.sets for path in pictures if path.exists()})
    write_result(figures, release, fingerprint(paths, given.data), given.json)


def main() -> None:
    given = make_parser().parse_args()
    if given.step != "run" and (given.input is None or given.out is None):
        raise SystemExit(f"{given.step} needs --input and --out")
    with installed_models("yunet-n", "face-reid-0095") as models:
        embedder = FaceEmbedder(OpenVinoNetwork(models["face-reid-0095"]))
        verifier = FaceVerifier(make_picture_face_detector(models["yunet-n"]), embedder)
        if given.step == "run":
            _run(verifier, given, "+".join(model.manifest.release for model in models.values()))
            return
        given.out.mkdir(parents=True, exist_ok=True)
        log = given.out / (given.log or f"{given.input.stem}.log")
        if given.step == "create":
            create_templates(verifier, given.input, given.data, given.out / "templates", log)
        else:
            match_all(verifier, given.input, given.out / "templates", log)


if __name__ == "__main__":
    main()
