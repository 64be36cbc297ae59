"""The families of compression as variants of one network, each with the bytes that its numbers take."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import openvino as ov

from vedette.lab.compress.channels import prune_channels
from vedette.lab.compress.coded import encode_binary, encode_deep, encode_hashed, encode_sparse
from vedette.lab.compress.graph import (
    Layer,
    Split,
    change_weights,
    count_other_numbers,
    find_layers,
    inner_layers,
    put_weights,
    replace_layers,
)
from vedette.lab.compress.low_rank import cp_rank, decompose_cp, decompose_svd, svd_rank
from vedette.lab.compress.networks import Tensor
from vedette.lab.compress.weights import Weights, binarise, prune_smallest, round_bfloat16, share_by_hash
from vedette.lab.quantize import quantize

_SHARES, _CHANNEL_SHARES, _RANK_SHARE, _HASH_FACTOR = (0.3, 0.5, 0.8), (0.25, 0.5), 0.5, 8
_DEEP_SHARE, _DEEP_CENTRES = 0.3, 32
NO_XNOR = (
    "not run: signs instead of activations need a training of their own and a kernel of XNOR and bit counts, which"
    " OpenVINO has not; published 58.81 % after training, 34.2 ms against 33.4"
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One way in which the network was made smaller.

    Attributes:
        bytes: Of all its numbers, in the form that this variant stores them.
        precision: What the runtime is asked to compute in.
        restored: Layers whose statistics may be set right afterwards; none: nothing was lost that this could mend.
    """

    name: str
    model: ov.Model
    bytes: int
    precision: str = "f32"
    restored: tuple[str, ...] = ()


def make_variants(model: ov.Model, inputs: Sequence[Tensor]) -> Iterator[Variant]:
    """All of them, fp32 first. `inputs`: what the network meets in its work, for the calibration of int8."""
    layers = find_layers(model)
    inner = inner_layers(layers)
    others = 4 * count_other_numbers(model, layers)
    weights = sum(layer.weights.size for layer in layers)
    yield Variant("fp32", model, 4 * weights + others)
    yield Variant("bf16", change_weights(model, layers, round_bfloat16), 2 * weights + others // 2, "bf16")
    yield quantise(model, inputs)
    for share in _SHARES:
        prune = partial(prune_smallest, share=share)
        yield _change(f"pruned {share:.0%}", model, layers, inner, prune, encode_sparse)
    for share in _CHANNEL_SHARES:
        yield _thin(f"channels -{share:.0%}", model, share)
    yield from _split_up(model, layers, inner)
    share_out = partial(share_by_hash, factor=_HASH_FACTOR)
    coder = partial(encode_hashed, factor=_HASH_FACTOR)
    yield _change(f"hashed 1/{_HASH_FACTOR}", model, layers, inner, share_out, coder)
    yield _change("binary weights", model, layers, inner, binarise, encode_binary)
    yield _deep(model, layers, inner)


def quantise(model: ov.Model, inputs: Sequence[Tensor]) -> Variant:
    """int8 after training, by NNCF: weights for each channel, activations, biases corrected."""
    quantised = quantize(model, inputs)
    return Variant("int8 (NNCF)", quantised, _count_bytes(quantised))


def _change(
    name: str,
    model: ov.Model,
    layers: Sequence[Layer],
    touched: Sequence[Layer],
    change: Callable[[Weights], Weights],
    encode: Callable[[Weights], bytes],
) -> Variant:
    """Other weights in some layers; the others stay float32."""
    changed = {layer.name: change(layer.weights) for layer in touched}
    size = _count_plain(model, layers, touched) + sum(len(encode(weights)) for weights in changed.values())
    return Variant(name, put_weights(model, touched, changed), size, restored=tuple(changed))


def _thin(name: str, model: ov.Model, share: float) -> Variant:
    thin = prune_channels(model, share)
    before = {layer.name: len(layer.weights) for layer in find_layers(model)}
    layers = find_layers(thin)
    whole = tuple(layer.name for layer in layers if len(layer.weights) == before[layer.name])
    size = 4 * (sum(layer.weights.size for layer in layers) + count_other_numbers(thin, layers))
    return Variant(name, thin, size, restored=whole)


def _split_up(model: ov.Model, layers: Sequence[Layer], inner: Sequence[Layer]) -> Iterator[Variant]:
    spatial = [layer for layer in inner if layer.is_spatial]
    rest = _count_plain(model, layers, spatial)
    ways: dict[str, Callable[[Weights], Split]] = {
        f"SVD {_RANK_SHARE:.0%}": lambda w: decompose_svd(w, svd_rank(w.shape, _RANK_SHARE)),
        f"CP {_RANK_SHARE:.0%}": lambda w: decompose_cp(w, cp_rank(w.shape, _RANK_SHARE)),
    }
    for name, way in ways.items() if spatial else ():
        splits = {layer.name: way(layer.weights) for layer in spatial}
        size = rest + 4 * sum(_count_numbers(split) for split in splits.values())
        yield Variant(name, replace_layers(model, splits), size, restored=tuple(splits))


def _count_numbers(split: Split) -> int:
    return sum(getattr(split, name).size for name in type(split).__dataclass_fields__)


def _deep(model: ov.Model, layers: Sequence[Layer], inner: Sequence[Layer]) -> Variant:
    pruned = {layer.name: prune_smallest(layer.weights, _DEEP_SHARE) for layer in inner}
    coded = {name: encode_deep(weights, _DEEP_CENTRES) for name, weights in pruned.items()}
    size = _count_plain(model, layers, inner) + sum(len(data) for data, _ in coded.values())
    name = f"pruned {_DEEP_SHARE:.0%}, {_DEEP_CENTRES} centres, Huffman"
    changed = put_weights(model, inner, {layer: weights for layer, (_, weights) in coded.items()})
    return Variant(name, changed, size, restored=tuple(coded))


def _count_plain(model: ov.Model, layers: Sequence[Layer], touched: Sequence[Layer]) -> int:
    """Bytes of what stays float32."""
    left = sum(layer.weights.size for layer in layers) - sum(layer.weights.size for layer in touched)
    return 4 * (left + count_other_numbers(model, layers))


def _count_bytes(model: ov.Model) -> int:
    """Of all constants but whole numbers of 32 and 64 bits, which are shapes."""
    return sum(
        int(np.prod(node.get_output_shape(0))) * node.get_element_type().size
        for node in model.get_ops()
        if node.get_type_name() == "Constant"
        and (node.get_element_type().is_real() or node.get_element_type().size == 1)
    )
