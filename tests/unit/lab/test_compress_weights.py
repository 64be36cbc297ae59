"""Hazards of compressed weights: bytes that cannot be read back, a size that was only reckoned, a wrong zero."""

import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.lab.compress import huffman
from vedette.lab.compress.coded import (
    decode_binary,
    decode_deep,
    decode_hashed,
    decode_sparse,
    encode_binary,
    encode_deep,
    encode_hashed,
    encode_sparse,
)
from vedette.lab.compress.low_rank import cp_rank, decompose_cp, decompose_svd, svd_rank
from vedette.lab.compress.weights import binarise, cluster, hash_buckets, prune_smallest, round_bfloat16, share_by_hash

RNG = np.random.default_rng(11)
KERNEL = RNG.normal(size=(12, 7, 3, 3)).astype(np.float32)


def test_bfloat16_rounds_to_the_nearest_and_ties_to_even() -> None:
    given = np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-12, -3.14159], np.float32)
    assert round_bfloat16(given).tolist() == [1.0, 1.0, 1 + 2**-6, 1 + 2**-7, -3.140625]


def test_pruning_takes_the_smallest_and_exactly_that_share() -> None:
    pruned = prune_smallest(KERNEL, 0.3)
    assert (pruned == 0).sum() == int(0.3 * KERNEL.size)
    assert np.abs(KERNEL[pruned == 0]).max() <= np.abs(pruned[pruned != 0]).min()
    assert (prune_smallest(KERNEL, 0.0) == KERNEL).all()
    assert not (KERNEL == 0).any()  # the input is as it was
    with pytest.raises(InvalidInputError, match="under 1"):
        prune_smallest(KERNEL, 1.0)


def test_binary_weights_are_the_closest_of_their_form() -> None:
    found = binarise(KERNEL)
    error = np.square(found - KERNEL).sum()
    for gain in (0.9, 1.1):
        assert np.square(found * np.float32(gain) - KERNEL).sum() > error
    assert len(np.unique(np.abs(found[0]))) == 1


def test_hashed_weights_share_values_and_nothing_but_the_seed_says_which() -> None:
    found = share_by_hash(KERNEL, 8)
    assert len(np.unique(np.abs(found))) <= KERNEL.size // 8
    again = hash_buckets(KERNEL.size, 8, 0)
    assert all((a == b).all() for a, b in zip(again, hash_buckets(KERNEL.size, 8, 0), strict=True))
    assert np.abs(share_by_hash(KERNEL, 1) - KERNEL).mean() < np.abs(found - KERNEL).mean()


def test_clusters_find_separate_heaps_and_survive_few_values() -> None:
    heaps = np.repeat(np.array([-2.0, 0.5, 3.0], np.float32), 40) + RNG.normal(0, 0.01, 120).astype(np.float32)
    centres, index = cluster(heaps, 3)
    np.testing.assert_allclose(centres, [-2.0, 0.5, 3.0], atol=0.01)
    assert [np.bincount(index).tolist()] == [[40, 40, 40]]
    centres, index = cluster(np.full(9, 4.0, np.float32), 16)
    assert (centres[index] == 4.0).all()
    assert cluster(np.zeros(0, np.float32), 4)[0].size == 0


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_huffman_reads_back_what_it_wrote(count: int) -> None:
    symbols = np.minimum(RNG.geometric(0.4, count), 20).astype(np.uint8)
    lengths = huffman.code_lengths(symbols, 21)
    data = huffman.encode(symbols, lengths)
    assert (huffman.decode(data, lengths, count) == symbols).all()


def test_huffman_is_as_short_as_worked_by_hand() -> None:
    symbols = np.repeat(np.arange(6, dtype=np.uint8), [45, 13, 12, 16, 9, 5])  # Cormen's example: 224 bits
    lengths = huffman.code_lengths(symbols, 6)
    assert int(lengths[symbols].sum()) == 224
    assert len(huffman.encode(symbols, lengths)) == 28


def test_huffman_refuses_data_that_end_early_and_symbols_without_a_code() -> None:
    symbols = np.array([0, 1, 1, 2, 2, 2, 2, 0], np.uint8)
    lengths = huffman.code_lengths(symbols, 3)
    with pytest.raises(InvalidInputError, match="not 8"):
        huffman.decode(huffman.encode(symbols, lengths)[:1], lengths, 8)
    with pytest.raises(InvalidInputError, match="no code"):
        huffman.encode(np.array([3], np.uint8), np.array([1, 1, 0, 0], np.uint8))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.97])
def test_coded_weights_come_back_as_the_network_computes_with_them(share: float) -> None:
    pruned = prune_smallest(KERNEL, share)
    assert (decode_sparse(encode_sparse(pruned), KERNEL.shape) == pruned).all()
    data, back = encode_deep(pruned, 8)
    assert (decode_deep(data, KERNEL.shape) == back).all()
    assert ((back == 0) == (pruned == 0)).all()
    binary, hashed = binarise(KERNEL), share_by_hash(KERNEL, 8)
    assert (decode_binary(encode_binary(binary), KERNEL.shape) == binary).all()
    assert (decode_hashed(encode_hashed(hashed, 8), KERNEL.shape, 8) == hashed).all()


def test_coded_sizes_are_what_the_formats_promise() -> None:
    count = KERNEL.size
    assert len(encode_sparse(prune_smallest(KERNEL, 0.5))) == (count + 7) // 8 + 4 * (count - count // 2)
    assert len(encode_binary(binarise(KERNEL))) == 4 * 12 + (count + 7) // 8
    assert len(encode_hashed(share_by_hash(KERNEL, 8), 8)) <= 4 * (count // 8)
    assert len(encode_deep(prune_smallest(KERNEL, 0.8), 16)[0]) < count * 0.35 + 120


def test_all_zero_layer_and_long_gaps_are_coded() -> None:
    zeros = np.zeros((4, 50), np.float32)
    assert (decode_deep(encode_deep(zeros, 8)[0], zeros.shape) == 0).all()
    sparse = zeros.copy()
    sparse[0, 15], sparse[0, 16], sparse[1, 33], sparse[3, 49] = 1, 2, 3, 4
    assert (decode_deep(encode_deep(sparse, 8)[0], zeros.shape) == sparse).all()
    with pytest.raises(InvalidInputError, match="head"):
        decode_deep(b"\0" * 5, (3, 3))


def test_full_rank_gives_the_kernel_back_and_less_gives_the_closest() -> None:
    full = decompose_svd(KERNEL, 12)
    np.testing.assert_allclose(full.product(), KERNEL, atol=1e-5)
    values = np.linalg.svd(KERNEL.reshape(12, -1).astype(np.float64), compute_uv=False)
    error = np.square(decompose_svd(KERNEL, 5).product() - KERNEL).sum()
    assert error == pytest.approx((values[5:] ** 2).sum(), rel=1e-4)


def test_cp_finds_a_kernel_that_is_of_its_rank() -> None:
    factors = [RNG.normal(size=(side, 3)) for side in (8, 6, 3, 3)]
    kernel = np.einsum("or,ir,hr,wr->oihw", *factors).astype(np.float32)
    found = decompose_cp(kernel, 3, rounds=200)
    assert np.linalg.norm(found.product() - kernel) < 0.02 * np.linalg.norm(kernel)


def test_ranks_keep_the_share_of_the_weights() -> None:
    shape = (64, 64, 3, 3)
    rank = svd_rank(shape, 0.5)
    assert rank * (64 + 64 * 9) <= 0.5 * 64 * 64 * 9 < (rank + 1) * (64 + 64 * 9)
    assert cp_rank(shape, 0.5) * (64 + 64 + 3 + 3) <= 0.5 * 64 * 64 * 9
    assert svd_rank((2, 1, 3, 3), 0.1) == 1
