"""Accuracy of what `vedette profile` sees, on Caltech-101's folders or ImageNet's files (`n01440764_tench.JPEG`).

ImageNet: `top1` and `top5` over pictures whose name is a label of the model after the mapping below; `coverage` is the
share of pictures that have one. Both: `leaf_accuracy`, the share of pictures that show the leaf of their class as their
surest one; `leaf_told`: so surely that it is told, `leaf_right_of_told`; `leaf_coverage`: classes with a leaf;
`false_leaf_of_unmapped`: told of classes that have none. Caltech-101 besides: `duplicate_found` (cropped, saved anew,
brighter, half as large, turned), `duplicate_false` (different pictures of one class), and 300 galleries drawn from the
folders: `category_found` of the categories for which three pictures or more speak clearly (weight .5) by their true
class, `category_false` of the told ones, for which fewer than two speak at all, and `lone_concluded` of those for which
one alone speaks.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, installed_models, make_parser, write_result
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.node.gallery_models import CLASSIFIER
from vedette.vision.picture import Image, to_planes
from vedette.vision.profile.classifier import EMBEDDING_OUTPUT, GalleryClassifier, choose_classes
from vedette.vision.profile.conclude import ConclusionPolicy, conclude_categories, sum_leaves
from vedette.vision.profile.occasions import Sight
from vedette.vision.profile.taxonomy import Taxonomy, read_taxonomy

_PICTURES = {".jpg", ".jpeg", ".png", ".bmp"}
_FILE_NAME = re.compile(r"n\d{8}_(.+)")
_RENAMED = {
    "european fire salamander": "fire salamander",
    "american chameleon": "anole",
    "american alligator": "alligator",
    "african crocodile": "crocodile",
    "red-backed sandpiper": "dunlin",
    "boston bull": "boston terrier",
    "pickelhaube": "spiked helmet",
    "slot": "slot machine",
    "african grey": "grey parrot",
    "cock": "rooster",
    "ashcan": "rubbish bin",
    "band aid": "sticking plaster",
    "cab": "taxi",
    "beach wagon": "estate car",
    "cellular telephone": "mobile phone",
    "sax": "saxophone",
    "corn": "maize",
    "ear": "ear of corn",
    "granny smith": "green apple",
}
"""Where the file's name of a class is not ours."""
_LEAF_CLASSES = {
    "wild_mammal": "Leopards beaver cougar_body cougar_face elephant gerenuk hedgehog kangaroo okapi panda platypus "
    "rhino wild_cat",
    "motorcycle": "Motorbikes",
    "piano": "accordion grand_piano",
    "aircraft": "airplanes",
    "insect": "ant butterfly dragonfly mayfly scorpion tick",
    "fish": "bass",
    "hiking_gear": "binocular",
    "camera": "camera",
    "car": "car_side",
    "gadget": "cellphone watch",
    "sea_animal": "crab crayfish lobster nautilus octopus starfish",
    "reptile": "crocodile crocodile_head hawksbill",
    "coffee": "cup",
    "dog": "dalmatian",
    "guitar": "electric_guitar mandolin",
    "wild_bird": "emu flamingo flamingo_head ibis pigeon",
    "wind": "euphonium saxophone",
    "boat": "ferry ketch schooner",
    "living_room": "lamp windsor_chair",
    "computer": "laptop",
    "livestock": "llama rooster",
    "flower": "lotus sunflower water_lilly",
    "meal": "pizza",
    "ball": "soccer_ball",
    "fossil": "stegosaurus trilobite brontosaurus",
    "street": "stop_sign",
    "fruit": "strawberry",
    "tool": "wrench",
}
"""Leaf to its classes of Caltech-101, by hand. The model knows no emu, okapi, octopus, sunflower: they count."""
_CALTECH = {name: leaf for leaf, names in _LEAF_CLASSES.items() for name in names.split()}
_GALLERIES, _GALLERY_PICTURES, _INTERESTS = 300, 40, 3
_CLEAR, _REPEATED = 0.5, 3


@dataclass(frozen=True, slots=True)
class Labelled:
    """One picture: its label of the model, -1 for none, and its leaf, -1 for none."""

    path: Path
    name: str
    label: int
    leaf: int


@dataclass(frozen=True, slots=True)
class Look:
    """What the model says of it."""

    shares: np.ndarray
    embedding: np.ndarray
    leaves: np.ndarray


def read_pictures(data: Path, taxonomy: Taxonomy, labels: Sequence[str]) -> list[Labelled]:
    """Pictures of either layout, sorted."""
    places = {label: number for number, label in enumerate(labels)}
    found = []
    for path in sorted(p for p in data.rglob("*") if p.suffix.lower() in _PICTURES):
        match = _FILE_NAME.fullmatch(path.stem)
        if match:
            name = match[1].replace("_", " ").lower()
            label = places.get(_RENAMED.get(name, name), -1)
            leaf = int(taxonomy.leaf_of_class[label]) if label >= 0 else -1
            found.append(Labelled(path, name, label, leaf))
        else:
            leaf_name = _CALTECH.get(path.parent.name, "")
            leaf = taxonomy.names.index(leaf_name) if leaf_name else -1
            found.append(Labelled(path, path.parent.name, -1, leaf))
    return found


def look_at(classifier: GalleryClassifier, image: Image, taxonomy: Taxonomy) -> Look:
    """As the worker of a gallery does."""
    shares, embedding = classifier.classify(to_planes(image))
    return Look(shares, embedding, sum_leaves(choose_classes(shares), taxonomy))


def measure_labels(pictures: Sequence[Labelled], looks: Sequence[Look]) -> Figures:
    """Of pictures with a label of the model."""
    rows = [(np.argsort(-look.shares, kind="stable")[:5], p.label) for p, look in zip(pictures, looks, strict=True)]
    rows = [row for row in rows if row[1] >= 0]
    if not rows:
        return {}
    return {
        "coverage": len(rows) / len(pictures),
        "top1": float(np.mean([label == top[0] for top, label in rows])),
        "top5": float(np.mean([label in top for top, label in rows])),
    }


def measure_leaves(pictures: Sequence[Labelled], looks: Sequence[Look], floor: float) -> Figures:
    """Of pictures with a leaf, and what is told of those without one."""
    surest = np.array([int(look.leaves.argmax()) for look in looks])
    sureness = np.array([float(look.leaves.max()) for look in looks])
    wanted = np.array([picture.leaf for picture in pictures])
    has_leaf, told = wanted >= 0, sureness >= floor
    right = (surest == wanted) & (sureness > 0)
    return {
        "pictures": len(pictures),
        "leaf_coverage": float(has_leaf.mean()),
        "leaf_accuracy": float(right[has_leaf].mean()),
        "leaf_told": float(told[has_leaf].mean()),
        "leaf_right_of_told": float(right[has_leaf & told].mean()),
        "false_leaf_of_unmapped": float(told[~has_leaf].mean()) if (~has_leaf).any() else 0.0,
    }


def change(image: Image) -> Iterator[Image]:
    """The same picture as people pass it on."""
    height, width = image.shape[:2]
    yield image[round(0.05 * height) : round(0.95 * height), round(0.05 * width) : round(0.95 * width)]
    yield image[:, round(0.12 * width) :]
    yield cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)
    yield np.clip(image * 1.25 + 10, 0, 255).astype(np.uint8)
    yield cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 3, 1.08)
    yield cv2.warpAffine(image, turn, (width, height))


def measure_duplicates(
    classifier: GalleryClassifier, pictures: Sequence[Labelled], looks: Sequence[Look], taxonomy: Taxonomy, floor: float
) -> Figures:
    """The first picture of each class changed in six ways, and pairs of different pictures of one class."""
    found, pairs = [], []
    by_name: dict[str, list[int]] = {}
    for number, picture in enumerate(pictures):
        by_name.setdefault(picture.name, []).append(number)
    for numbers in by_name.values():
        image = cv2.imread(str(pictures[numbers[0]].path))
        changed = [look_at(classifier, variant, taxonomy).embedding for variant in change(image)]
        found += [float(embedding @ looks[numbers[0]].embedding) >= floor for embedding in changed]
        vectors = np.stack([looks[number].embedding for number in numbers])
        pairs.append((vectors @ vectors.T)[np.triu_indices(len(numbers), 1)] >= floor)
    return {"duplicate_found": float(np.mean(found)), "duplicate_false": float(np.concatenate(pairs).mean())}


def measure_galleries(pictures: Sequence[Labelled], looks: Sequence[Look], taxonomy: Taxonomy) -> Figures:
    """Galleries of 40: three classes with 2 to 8 pictures, the rest of other classes, one of each."""
    noise = np.random.default_rng(5)
    by_name: dict[str, list[int]] = {}
    for number, picture in enumerate(pictures):
        by_name.setdefault(picture.name, []).append(number)
    told_right = told_count = wanted = false = lone = lone_told = 0
    for _ in range(_GALLERIES):
        chosen = draw_gallery(by_name, noise)
        sights = [Sight(str(n), None, looks[n].leaves, looks[n].embedding, (), b"") for n in chosen]
        occasions = np.arange(len(chosen), dtype=np.int32)
        told = {one.name for one in conclude_categories(sights, occasions, taxonomy, ConclusionPolicy())}
        weights = weigh_truth([pictures[n].leaf for n in chosen], taxonomy)
        wants = {name for name, given in weights.items() if sum(weight >= _CLEAR for weight in given) >= _REPEATED}
        once = {name for name, given in weights.items() if len(given) == 1}
        told_right, told_count, wanted = told_right + len(told & wants), told_count + len(told), wanted + len(wants)
        false += sum(len(weights.get(name, ())) < 2 for name in told)
        lone, lone_told = lone + len(once), lone_told + len(once & told)
    return {
        "category_found": told_right / max(wanted, 1),
        "category_false": false / max(told_count, 1),
        "lone_concluded": lone_told / max(lone, 1),
    }


def draw_gallery(by_name: dict[str, list[int]], noise: np.random.Generator) -> list[int]:
    """Numbers of pictures."""
    shuffled = [str(name) for name in noise.permutation(sorted(by_name))]
    chosen: list[int] = []
    for name in shuffled[:_INTERESTS]:
        count = min(len(by_name[name]), int(noise.integers(2, 9)))
        chosen += noise.choice(by_name[name], count, replace=False).tolist()
    rest = shuffled[_INTERESTS : _INTERESTS + max(0, _GALLERY_PICTURES - len(chosen))]
    return chosen + [int(noise.choice(by_name[name])) for name in rest]


def weigh_truth(leaves: Sequence[int], taxonomy: Taxonomy) -> dict[str, list[float]]:
    """Category to the weights with which the true leaves speak for it."""
    weights: dict[str, list[float]] = {}
    for leaf in leaves:
        for name, weight in (taxonomy.leaves[taxonomy.names[leaf]].speaks_for if leaf >= 0 else {}).items():
            weights.setdefault(name, []).append(weight)
    return weights


def main() -> None:
    given = make_parser(__doc__, SHARED / "data/caltech101").parse_args()
    with installed_models(CLASSIFIER) as models:
        model = models[CLASSIFIER]
        classifier = GalleryClassifier(OpenVinoNetwork(model, pooled_as=EMBEDDING_OUTPUT))
        taxonomy = read_taxonomy(model.manifest.labels)
        pictures = read_pictures(given.data, taxonomy, model.manifest.labels)
        if not pictures:
            raise SystemExit(f"{given.data} has no pictures")
        looks = [look_at(classifier, cv2.imread(str(picture.path)), taxonomy) for picture in pictures]
        figures = measure_leaves(pictures, looks, ConclusionPolicy().leaf_floor) | measure_labels(pictures, looks)
        if not any(picture.label >= 0 for picture in pictures):
            same = model.manifest.thresholds["same_picture"]
            figures |= measure_duplicates(classifier, pictures, looks, taxonomy, same)
            figures |= measure_galleries(pictures, looks, taxonomy)
    unmapped = sorted({picture.name for picture in pictures if picture.leaf < 0})
    print(f"without a leaf: {', '.join(unmapped)}")
    release = f"{classifier.release}, {taxonomy.release}"
    write_result(figures, release, fingerprint([p.path for p in pictures], given.data), given.json)


if __name__ == "__main__":
    main()
