"""The bytes that the weights of one layer take in a file, really written and read back. Pure.

Formats without a head for shape and method: a file names them once for each layer, and that counts for nothing here.
"""

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.lab.compress import huffman
from vedette.lab.compress.weights import Weights, cluster, hash_buckets

_LONGEST_GAP = 15
_GAPS = _LONGEST_GAP + 1


def encode_sparse(weights: Weights) -> bytes:
    """A bit for each weight that is not zero, then those as float32."""
    flat = weights.reshape(-1)
    return b"".join((np.packbits(flat != 0).tobytes(), flat[flat != 0].tobytes()))


def decode_sparse(data: bytes, shape: tuple[int, ...]) -> Weights:
    """Back from `encode_sparse`."""
    count = int(np.prod(shape))
    cut = (count + 7) // 8
    is_kept = np.unpackbits(np.frombuffer(data[:cut], np.uint8), count=count).astype(bool)
    flat = np.zeros(count, np.float32)
    flat[is_kept] = np.frombuffer(data[cut:], np.float32)
    return flat.reshape(shape)


def encode_binary(weights: Weights) -> bytes:
    """One float32 for each filter, then a bit for each weight."""
    rows = weights.reshape(len(weights), -1)
    return np.abs(rows[:, 0]).astype(np.float32).tobytes() + np.packbits(rows >= 0).tobytes()


def decode_binary(data: bytes, shape: tuple[int, ...]) -> Weights:
    """Back from `encode_binary`."""
    scale = np.frombuffer(data[: 4 * shape[0]], np.float32)[:, None]
    bits = np.unpackbits(np.frombuffer(data[4 * shape[0] :], np.uint8), count=int(np.prod(shape)))
    rows = bits.reshape(shape[0], -1)
    return np.where(rows == 1, scale, -scale).astype(np.float32).reshape(shape)


def encode_hashed(weights: Weights, factor: int, seed: int = 0) -> bytes:
    """The buckets of weights that share them, as float32; who is in which the seed says."""
    flat = weights.reshape(-1)
    buckets, signs = hash_buckets(flat.size, factor, seed)
    values = np.zeros(int(buckets.max()) + 1, np.float32)
    values[buckets] = flat * signs
    return values.tobytes()


def decode_hashed(data: bytes, shape: tuple[int, ...], factor: int, seed: int = 0) -> Weights:
    """Back from `encode_hashed`."""
    buckets, signs = hash_buckets(int(np.prod(shape)), factor, seed)
    return np.asarray((np.frombuffer(data, np.float32)[buckets] * signs).reshape(shape), np.float32)


def encode_deep(weights: Weights, centres: int) -> tuple[bytes, Weights]:
    """Deep compression (Han et al. 2016) of pruned weights; gives the bytes and the weights that come back.

    What is not zero becomes the nearest of so many centres. Gaps between such weights (a gap of 15 that ends on none
    stands for 16 zeros) and the centres' numbers are two streams in Huffman's code. In the file: counts, the lengths of
    both codes, the centres as float32, the streams.
    """
    flat = weights.reshape(-1)
    places = np.flatnonzero(flat)
    table, index = cluster(flat[places], min(centres, 255))
    gaps, numbers = _to_streams(places, index)
    heads = [huffman.code_lengths(gaps, _GAPS), huffman.code_lengths(numbers, len(table) + 1)]
    streams = [huffman.encode(gaps, heads[0]), huffman.encode(numbers, heads[1])]
    sizes = np.array([len(gaps), len(table), len(streams[0])], np.uint32)
    data = b"".join([sizes.tobytes(), heads[0].tobytes(), heads[1].tobytes(), table.tobytes(), *streams])
    back = np.zeros(flat.size, np.float32)
    back[places] = table[index]
    return data, back.reshape(weights.shape)


def decode_deep(data: bytes, shape: tuple[int, ...]) -> Weights:
    """Back from `encode_deep`."""
    if len(data) < 12:
        raise InvalidInputError("the data end within their head")
    number, table_size, cut = (int(value) for value in np.frombuffer(data[:12], np.uint32))
    at = 12 + _GAPS + table_size + 1
    gap_lengths = np.frombuffer(data[12 : 12 + _GAPS], np.uint8)
    number_lengths = np.frombuffer(data[12 + _GAPS : at], np.uint8)
    table = np.frombuffer(data[at : at + 4 * table_size], np.float32)
    at += 4 * table_size
    gaps = huffman.decode(data[at : at + cut], gap_lengths, number)
    numbers = huffman.decode(data[at + cut :], number_lengths, number)
    places = np.cumsum(gaps.astype(np.int64) + 1) - 1
    flat = np.zeros(int(np.prod(shape)), np.float32)
    is_weight = numbers > 0
    flat[places[is_weight]] = table[numbers[is_weight] - 1]
    return flat.reshape(shape)


def _to_streams(places: np.ndarray, index: np.ndarray) -> tuple[huffman.Symbols, huffman.Symbols]:
    """Zeros before each weight, and 1 + its centre; number 0 says that a gap ended on no weight."""
    zeros = np.diff(places, prepend=-1) - 1
    fillers = zeros // _GAPS
    total = int(fillers.sum()) + len(places)
    gaps, numbers = np.full(total, _LONGEST_GAP, np.uint8), np.zeros(total, np.uint8)
    ends = np.cumsum(fillers + 1) - 1
    gaps[ends], numbers[ends] = zeros % _GAPS, index + 1
    return gaps, numbers
