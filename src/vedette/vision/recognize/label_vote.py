"""What several looks at one thing say together. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from vedette.core.objects import UNKNOWN, AttributeValue
from vedette.vision.recognize.records import Label


def decide(weighed: Iterable[tuple[Label, float]], floor: float) -> AttributeValue:
    """The value of most weight, with its mean confidence over all looks; `unknown` where that is under the floor.

    `weighed`: what each look says, and how much it counts; at least one.
    """
    votes: dict[str, float] = defaultdict(float)
    total = 0.0
    for label, weight in weighed:
        votes[label.value] += weight * label.confidence
        total += weight
    value = max(votes, key=lambda candidate: (votes[candidate], candidate))
    confidence = votes[value] / total
    return AttributeValue(value if confidence >= floor else UNKNOWN, round(confidence, 4))
