"""Huffman's code in canonical form: the lengths of the codes say all of it. Pure."""

import heapq
from itertools import count

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError

Symbols = NDArray[np.uint8]
Lengths = NDArray[np.uint8]


def code_lengths(symbols: Symbols, alphabet: int) -> Lengths:
    """(alphabet,) bits of each symbol's code; 0 where it never occurs. One symbol alone takes one bit."""
    counts = np.bincount(symbols, minlength=alphabet)
    lengths = np.zeros(alphabet, np.uint8)
    ties = count()
    heap = [(int(n), next(ties), [symbol]) for symbol, n in enumerate(counts) if n]
    if len(heap) == 1:
        lengths[heap[0][2]] = 1
    heapq.heapify(heap)
    while len(heap) > 1:
        (a, _, left), (b, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        lengths[left + right] += 1
        heapq.heappush(heap, (a + b, next(ties), left + right))
    return lengths


def encode(symbols: Symbols, lengths: Lengths) -> bytes:
    """The codes one after the other, the last byte filled with zeros."""
    codes = _canonical_codes(lengths)
    sizes = lengths[symbols].astype(np.int64)
    if symbols.size and not sizes.all():
        raise InvalidInputError("a symbol has no code")
    starts = np.cumsum(sizes) - sizes
    bits = np.zeros(int(sizes.sum()), np.uint8)
    for place in range(int(sizes.max(initial=0))):
        long = sizes > place
        bits[starts[long] + place] = codes[symbols[long]] >> (sizes[long] - 1 - place) & 1
    return np.packbits(bits).tobytes()


def decode(data: bytes, lengths: Lengths, number: int) -> Symbols:
    """The first `number` symbols of encoded data.

    Raises:
        InvalidInputError: the data end before that or hold a code that is none.
    """
    codes = _canonical_codes(lengths)
    known = {(int(lengths[symbol]), int(codes[symbol])): int(symbol) for symbol in np.flatnonzero(lengths)}
    symbols: list[int] = []
    code = size = 0
    for bit in np.unpackbits(np.frombuffer(data, np.uint8)):
        if len(symbols) == number:
            break
        code, size = code << 1 | int(bit), size + 1
        if (size, code) in known:
            symbols.append(known[size, code])
            code = size = 0
    if len(symbols) != number:
        raise InvalidInputError(f"the data hold {len(symbols)} symbols, not {number}")
    return np.array(symbols, np.uint8)


def _canonical_codes(lengths: Lengths) -> NDArray[np.int64]:
    codes, code, before = np.zeros(len(lengths), np.int64), 0, 0
    for symbol in np.lexsort((np.arange(len(lengths)), lengths)):
        if lengths[symbol]:
            code <<= int(lengths[symbol]) - before
            codes[symbol], before = code, int(lengths[symbol])
            code += 1
    return codes
