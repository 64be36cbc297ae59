"""Makes what travels of what workers saw: the answers to a picture under every change, and the card of a classifier."""

from collections.abc import Sequence

from vedette.core.classified import ChangedPicture, ChangedShare, ClassifierCard, MeasuredChange
from vedette.vision.classify.changes import CHANGES
from vedette.vision.classify.classifier import NONE_BELOW, Verdict
from vedette.vision.drawing import encode_jpeg
from vedette.vision.models.manifest import ModelManifest
from vedette.vision.picture import Image


def tell_changes(looks: Sequence[tuple[Verdict, Image]], labels: Sequence[str], release: str) -> ChangedPicture:
    """Of the picture as it is and under each of `CHANGES`, in this order."""
    shares = []
    for change, (verdict, view) in zip((None, *CHANGES), looks, strict=True):
        [(index, probability)] = verdict.best(1)
        way, by = (change.way, change.by) if change else (None, 0.0)
        shares.append(ChangedShare(way, by, encode_jpeg(view), labels[index], probability, verdict.is_known))
    return ChangedPicture(shares, release)


def describe_classifier(manifest: ModelManifest) -> ClassifierCard:
    """What its manifest says of it."""
    measured = {one.figure: one for one in manifest.accuracy}
    first = measured.get("accuracy")

    def value(name: str) -> float | None:
        return measured[name].value if name in measured else None

    return ClassifierCard(
        release=manifest.release,
        labels=manifest.labels,
        parameters=manifest.parameters,
        size_bytes=sum(file.bytes for file in manifest.files),
        none_below=manifest.thresholds[NONE_BELOW],
        accuracy=value("accuracy"),
        ece=value("ece"),
        changes=[
            MeasuredChange(change.way, change.by, measured[change.figure].value)
            for change in CHANGES
            if change.figure in measured
        ],
        data=first.data if first else "",
        command=first.command if first else "",
    )
