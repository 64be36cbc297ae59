"""Which recognizers exist, which models each needs, which are installed; and how they are made in the jail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vedette.core.errors import NotFoundError, VedetteError
from vedette.node.match_terms import EMBEDDING
from vedette.vision.categories.embedding import EMBEDDING_FORM, EMBEDDING_MODEL
from vedette.vision.models.kept import NOTHING_KEPT, KeptNetworks
from vedette.vision.models.registry import InstalledModel, ModelRegistry
from vedette.vision.ports import Recognizer
from vedette.vision.recognize.attribute_forms import APPEARANCE_FORM, APPEARANCE_MODELS, PEOPLE_FORM, VEHICLES_FORM
from vedette.vision.recognize.face_templates import FACE_TEMPLATES_FORM
from vedette.vision.recognize.faces import FACES_FORM
from vedette.vision.recognize.make_forms import find_make_model, make_form
from vedette.vision.recognize.plates import PLATES_FORM
from vedette.vision.recognize.records import Form

Loaded = Mapping[str, InstalledModel]
"""Manifest name to model."""


@dataclass(frozen=True, slots=True)
class StartMeans:
    """What a worker has at its start beside the models.

    Attributes:
        kept: What earlier starts compiled.
        scratch: An empty file for the one model that its runtime reads from a path alone (`OpenVinoNetwork`).
    """

    kept: KeptNetworks = NOTHING_KEPT
    scratch: IO[bytes] | None = None


NO_MEANS = StartMeans()


@dataclass(frozen=True, slots=True)
class RecognizerPlan:
    """One recognizer: what it says and how it is made of which models.

    Attributes:
        models: Without one of each it is not loaded; of several the first that is installed is used.
        make: Imports what it needs itself: the analyzer reads this table without an inference runtime. It finds a
            model under the first name of its row.
        optional: Used when they are there.
    """

    form: Form
    models: tuple[tuple[str, ...], ...]
    make: Callable[[Loaded, StartMeans], Recognizer]
    optional: tuple[str, ...] = ()


def _make_faces(models: Loaded, start: StartMeans) -> Recognizer:
    from vedette.node.face_recognizer import make_face_recognizer  # noqa: PLC0415 -- in the jail only

    return make_face_recognizer(models, start.kept)


def _make_face_templates(models: Loaded, start: StartMeans) -> Recognizer:
    from vedette.node.face_recognizer import make_template_recognizer  # noqa: PLC0415 -- in the jail only

    return make_template_recognizer(models, start.kept)


def _make_plates(models: Loaded, start: StartMeans) -> Recognizer:
    from vedette.node.plate_recognizer import make_plate_recognizer  # noqa: PLC0415 -- in the jail only

    return make_plate_recognizer(models, start.kept)


def _make_people(models: Loaded, start: StartMeans) -> Recognizer:
    from vedette.node.attribute_recognizers import make_person_recognizer  # noqa: PLC0415 -- in the jail only

    return make_person_recognizer(models, start.kept)


def _make_vehicles(models: Loaded, start: StartMeans) -> Recognizer:
    from vedette.node.attribute_recognizers import make_vehicle_recognizer  # noqa: PLC0415 -- in the jail only

    return make_vehicle_recognizer(models, start.kept)


def _make_makes(models: Loaded, start: StartMeans) -> Recognizer:
    from vedette.node.attribute_recognizers import make_make_recognizer  # noqa: PLC0415 -- in the jail only

    [model] = models.values()
    return make_make_recognizer(model, start.kept)


def _make_appearance(models: Loaded, start: StartMeans) -> Recognizer:
    from vedette.node.attribute_recognizers import make_appearance_recognizer  # noqa: PLC0415 -- in the jail only

    return make_appearance_recognizer(models, start.kept)


def _make_embedding(models: Loaded, start: StartMeans) -> Recognizer:
    from vedette.node.embeddings import make_embedder  # noqa: PLC0415 -- in the jail only
    from vedette.vision.categories.embedding import EmbeddingRecognizer  # noqa: PLC0415 -- as above

    return EmbeddingRecognizer(make_embedder(models[EMBEDDING_MODEL], start.scratch, start.kept))


RECOGNIZERS = (
    RecognizerPlan(
        FACES_FORM,
        (("yunet-n", "face-detector"),),
        _make_faces,
        optional=("age-gender-0013-int8", "minifasnet-v2", "minifasnet-v1se", "glasses"),
    ),
    RecognizerPlan(FACE_TEMPLATES_FORM, (("yunet-n",), (EMBEDDING,)), _make_face_templates),
    RecognizerPlan(PEOPLE_FORM, (("person-attributes-0230",),), _make_people, optional=("yolox-nano",)),
    RecognizerPlan(VEHICLES_FORM, (("vehicle-attributes-0039",), ("yolox-nano",)), _make_vehicles),
    RecognizerPlan(APPEARANCE_FORM, (APPEARANCE_MODELS,), _make_appearance),
    RecognizerPlan(PLATES_FORM, (("plate-detector",), ("plate-reader",)), _make_plates),
    RecognizerPlan(EMBEDDING_FORM, ((EMBEDDING_MODEL,),), _make_embedding),
)


@dataclass(frozen=True, slots=True)
class InstalledRecognizers:
    """What can be loaded. What is not installed is in nothing of it.

    Attributes:
        forms: Of those to load, by name.
        refused: Name to why its models are not used.
        releases: Of all models that they would use: a better one may have been installed since.
    """

    forms: Mapping[str, Form]
    refused: Mapping[str, str]
    releases: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.forms)


def list_plans(registry: ModelRegistry) -> tuple[RecognizerPlan, ...]:
    """Those of the house, and that of the user's own model of makes: its manifest says what it may answer."""
    manifest = find_make_model(registry)
    if manifest is None:
        return RECOGNIZERS
    return (*RECOGNIZERS, RecognizerPlan(make_form(manifest), ((manifest.name,),), _make_makes))


def find_recognizers(registry: ModelRegistry, groups: Sequence[str]) -> InstalledRecognizers:
    """The recognizers of these groups whose models are installed, each verified."""
    forms, refused, releases = {}, {}, set[str]()
    for plan in list_plans(registry):
        if plan.form.group not in groups:
            continue
        try:
            loaded = _load_models(registry, plan)
            if loaded is not None:
                forms[plan.form.name] = plan.form
                releases |= {model.manifest.release for model in loaded.values()}
        except VedetteError as error:
            refused[plan.form.name] = str(error)
    return InstalledRecognizers(forms, refused, frozenset(releases))


def load_recognizers(models: Path, names: Sequence[str], start: StartMeans = NO_MEANS) -> list[Recognizer]:
    """Makes recognizers, models verified again: what was checked is what runs.

    Raises:
        NotFoundError, ModelRefusedError, InvalidInputError: a model is missing, differs or cannot be used.
    """
    if not names:
        return []
    registry = ModelRegistry(models)
    made = []
    for plan in list_plans(registry):
        if plan.form.name in names:
            loaded = _load_models(registry, plan)
            if loaded is None:
                raise NotFoundError(f"the models of the recognizer {plan.form.name} are not installed")
            made.append(plan.make(loaded, start))
    return made


def _load_models(registry: ModelRegistry, plan: RecognizerPlan) -> dict[str, InstalledModel] | None:
    """All models of a plan that are there, verified; None when one that it needs is not installed."""
    loaded = {}
    for names in plan.models:
        manifest = registry.find_first(names)
        if manifest is None:
            return None
        loaded[names[0]] = registry.load(manifest)
    for manifest in map(registry.find_named, plan.optional):
        if registry.is_installed(manifest):
            loaded[manifest.name] = registry.load(manifest)
    return loaded
