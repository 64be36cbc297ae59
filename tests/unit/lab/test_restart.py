"""Hazards of training on a release: answers that change on the way, statistics that are not those of the layers, so
that the first step of training throws away what was learnt, weights of another network.
"""

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")
ov = pytest.importorskip("openvino")

from keras import layers  # noqa: E402 -- needs the extra

from vedette.core.errors import InvalidInputError  # noqa: E402 -- likewise
from vedette.lab.export import export_openvino  # noqa: E402 -- likewise
from vedette.lab.layers import add_up, conv, residual  # noqa: E402 -- likewise
from vedette.lab.restart import average, take_released  # noqa: E402 -- likewise


def build(filters: int = 8) -> keras.Model:
    image = keras.Input((None, None, 3))
    fine = residual(conv(image, filters, 2), filters)
    x = add_up(conv(fine, 12, 2), fine, 6)
    return keras.Model(image, layers.Conv2D(2, 1, name="cells")(x))


def pictures(count: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    return (rng.random((count, 16, 24, 3)) * rng.random((count, 1, 1, 3))).astype(np.float32)


@pytest.fixture(scope="module")
def learned() -> keras.Model:
    """A network whose normalisations have seen something."""
    keras.utils.set_random_seed(3)
    model = build()
    for norm in (layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)):
        rng = np.random.default_rng(len(norm.name))
        norm.gamma.assign(rng.uniform(0.5, 2, norm.gamma.shape))
        norm.beta.assign(rng.normal(0, 0.3, norm.beta.shape))
        norm.momentum = 0.0  # one look at all pictures is what it has seen
    model(pictures(16), training=True)
    return model


@pytest.fixture(scope="module")
def release(learned: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of pictures 0..255, as the product's networks take them."""
    image = keras.Input((3, None, None))
    folder = tmp_path_factory.mktemp("release")
    cells = learned(layers.Permute((2, 3, 1))(image) / 255.0)
    export_openvino(keras.Model(image, cells), ("cells",), (1, 3, 16, 24), folder, "small")
    return folder / "small.xml"


def test_the_answers_stay_and_training_begins_where_it_was(learned: keras.Model, release: Path) -> None:
    keras.utils.set_random_seed(11)
    begun = take_released(build(), release, pictures(16), full_scale=255)
    for training in (False, True):
        expected, told = (
            keras.ops.convert_to_numpy(model(pictures(16), training=training)) for model in (learned, begun)
        )
        np.testing.assert_allclose(told, expected, atol=0.05 * expected.std())  # half floats


def test_a_release_of_another_network_or_precision_is_refused(release: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="not a release of this network"):
        take_released(build(filters=10), release, pictures(2), full_scale=255)
    whole = ov.Core().read_model(release)
    kernel = next(node for node in whole.get_ordered_ops() if node.get_type_name() == "Convolution").input(1)
    bytes_of = ov.opset13.constant(np.ones(kernel.get_shape(), np.int8))
    kernel.replace_source_output(ov.opset13.convert(bytes_of, "f32").output(0))
    ov.save_model(whole, tmp_path / "int8.xml", compress_to_fp16=False)
    with pytest.raises(InvalidInputError, match="no weights in floats"):
        take_released(build(), tmp_path / "int8.xml", pictures(2))


def test_the_mean_of_two_networks_has_statistics_of_its_own(learned: keras.Model) -> None:
    """Twice the same network stays itself; of two different ones the layers see other values than either's."""
    same, other = build(), build()
    same.set_weights(learned.get_weights())
    average(learned, same, 0.5, pictures(16))
    expected = keras.ops.convert_to_numpy(learned(pictures(16)))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(same(pictures(16))), expected, atol=0.05 * expected.std())
    kernels = [0.75 * a + 0.25 * b for a, b in zip(learned.get_weights(), other.get_weights(), strict=True)]
    average(learned, other, 0.25, pictures(16))
    assert {layer.momentum for layer in other.layers if isinstance(layer, layers.BatchNormalization)} == {0.97}
    np.testing.assert_allclose(other.get_weights()[0], kernels[0])
    told, trained = (keras.ops.convert_to_numpy(other(pictures(16), training=training)) for training in (False, True))
    np.testing.assert_allclose(
        told, trained, atol=0.05 * trained.std()
    )  # one batch: its statistics are the measured ones
