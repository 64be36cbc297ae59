/* The network of super-resolution in integers (integer.py), bit by bit the same, on AVX2: 16 products an instruction.

   Rows pass through all layers while they are in the cache. Maps lie in pairs of pixels: [pair][channel][2] int16, so
   that one multiplication and addition (VPMADDWD) takes two taps of a depthwise layer, and what a depthwise layer
   leaves, two channels of one pixel side by side, two inputs of a pointwise one. Before and behind a row of pairs lie
   pairs of zeros, as do rows above and below the picture. Design: docs/design/enhance.md. */

#include <stddef.h>

#include "../integer_products.h"

enum { LAYERS = 9, CHUNK = 16, BLOCK = 4 }; /* pairs of pixels: between two layers; in one go */
enum { LARGEST = (1 << 13) - 1 };

/* Two weights for each of eight channels, as VPMADDWD takes them. */
typedef int16_t pairs[2 * LANES];

struct network {
    pairs first[4][5];
    pairs across32[4][6], across16[2][6];   /* three for the pixel on the left of a pair, three for the other */
    pairs around32[4][12], around16[2][12]; /* two and two for each row */
    pairs point1[16][2], point2[8][4], point3[16][2], point4[8];
    pairs skip[2];
    int32_t shift[LAYERS]; /* by how much the sums of a layer are too large */
    int32_t last_bits;     /* how many bits of what the last layer leaves lie behind the point */
};

INLINE vec half_of(int by) { return _mm256_set1_epi32(by ? 1 << (by - 1) : 0); }

/* Sums of eight channels of both pixels of a pair, half a step added before, as values of 14 bits:
   [left 0..3, right 0..3, left 4..7, right 4..7]. Packing clips: two bits are left to it, which go afterwards. */
INLINE vec narrow(vec left, vec right, int by) {
    const __m128i shift = _mm_cvtsi32_si128(by - 2);
    return _mm256_srai_epi16(_mm256_packs_epi32(_mm256_sra_epi32(left, shift), _mm256_sra_epi32(right, shift)), 2);
}

/* The same, rectified. */
INLINE vec narrow_rectified(vec left, vec right, int by) {
    const __m128i shift = _mm_cvtsi32_si128(by);
    const vec both = _mm256_packus_epi32(_mm256_sra_epi32(left, shift), _mm256_sra_epi32(right, shift));
    return _mm256_min_epu16(both, _mm256_set1_epi16(LARGEST));
}

/* From there to [channel][2]. */
INLINE vec interleave(vec both) {
    const vec order = _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15,
                                       0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    return _mm256_shuffle_epi8(both, order);
}

/* Where, in what `narrow` has made of a pair's channels, channels 2k and 2k + 1 of its left or right pixel lie. */
INLINE int place(int k, int right) { return k / 4 * 16 + k % 4 / 2 * 8 + right * 4 + k % 2 * 2; }

/* The first layer. `columns`: for each pixel, from the one before the row on, the pixel above and this one; `below`:
   the next row. */
static void first_layer(const struct network *net, const int16_t *columns, const int16_t *below, int count,
                        int16_t *out) {
    const vec half = half_of(net->shift[0]);
    for (int pair = 0; pair < count; pair++, out += 64) {
        const int16_t *column = columns + 4 * pair, *row = below + 2 * pair;
        for (int group = 0; group < 4; group += 2) {
            vec left[2] = {half, half}, right[2] = {half, half};
            for (int tap = 0; tap < 5; tap++) {
                const vec here = spread(tap < 3 ? column + 2 * tap : row + 2 * (tap - 3));
                const vec next = spread(tap < 3 ? column + 2 * tap + 2 : row + 2 * (tap - 3) + 1);
                for (int g = 0; g < 2; g++) {
                    const vec weights = load(net->first[group + g][tap]);
                    left[g] = add_products(left[g], here, weights);
                    right[g] = add_products(right[g], next, weights);
                }
            }
            for (int g = 0; g < 2; g++)
                store(out + 16 * (group + g), interleave(narrow_rectified(left[g], right[g], net->shift[0])));
        }
    }
}

/* A depthwise layer, 1x5. Leaves [pair][group] as `narrow` does. */
INLINE void across(int groups, const pairs (*weights)[6], int by, const int16_t *row, int count, int16_t *out) {
    const vec half = half_of(by);
    const int step = 16 * groups;
    for (int group = 0; group < groups; group++) {
        vec w[6];
        for (int tap = 0; tap < 6; tap++) w[tap] = load(weights[group][tap]);
        for (int pair = 0; pair < count; pair++) {
            const int16_t *at = row + pair * step + 16 * group;
            vec left = half, right = half;
            for (int tap = 0; tap < 3; tap++) {
                const vec values = load(at + (tap - 1) * step);
                left = add_products(left, values, w[tap]);
                right = add_products(right, values, w[3 + tap]);
            }
            store(out + pair * step + 16 * group, narrow(left, right, by));
        }
    }
}

/* A depthwise layer, 3x3, likewise. */
INLINE void around(int groups, const pairs (*weights)[12], int by, const int16_t *const rows[3], int from, int count,
                   int16_t *out) {
    const vec half = half_of(by);
    const int step = 16 * groups;
    for (int group = 0; group < groups; group++) {
        for (int pair = 0; pair < count; pair += 2) {
            vec left[2] = {half, half}, right[2] = {half, half};
            for (int row = 0; row < 3; row++) {
                const int16_t *at = rows[row] + (from + pair) * step + 16 * group;
                const pairs *w = weights[group] + 4 * row;
                const vec values[4] = {load(at - step), load(at), load(at + step), load(at + 2 * step)};
                for (int p = 0; p < 2; p++) {
                    left[p] = add_products(left[p], values[p], load(w[0]));
                    left[p] = add_products(left[p], values[p + 1], load(w[1]));
                    right[p] = add_products(right[p], values[p + 1], load(w[2]));
                    right[p] = add_products(right[p], values[p + 2], load(w[3]));
                }
            }
            for (int p = 0; p < 2; p++)
                store(out + (pair + p) * step + 16 * group, narrow(left[p], right[p], by));
        }
    }
}

/* A pointwise layer, from what a depthwise one left to maps; `skipped`, if any, is added. Two pairs and two groups of
   outputs at a time, so that the eight sums stay in registers. */
INLINE void point(int inputs, int outputs, const int16_t *weights, int by, const pairs *skip, const int16_t *skipped,
                  const int16_t *in, int count, int16_t *out) {
    const vec half = half_of(by);
    const int step = 2 * inputs, out_step = 2 * outputs, groups = outputs / LANES;
    for (int pair = 0; pair < count; pair += 2) {
        for (int group = 0; group < groups; group += 2) {
            vec sum[2][2][2]; /* pair, group, pixel */
            for (int p = 0; p < 2; p++)
                for (int g = 0; g < 2; g++)
                    for (int right = 0; right < 2; right++) {
                        sum[p][g][right] = half;
                        if (skipped) {
                            const vec values = load(skipped + (pair + p) * out_step + 16 * (group + g));
                            sum[p][g][right] = add_products(half, values, load(skip[right]));
                        }
                    }
            const int16_t *w = weights + 16 * group, *from = in + pair * step;
            for (int block = 0; block < inputs / 8; block++, from += 16, w += 64 * groups)
#pragma GCC unroll 4
                for (int k = 0; k < 4; k++) {
                    const vec w0 = load(w + 16 * k * groups), w1 = load(w + 16 * (k * groups + 1));
                    for (int p = 0; p < 2; p++)
                        for (int right = 0; right < 2; right++) {
                            const vec two = spread(from + p * step + place(k, right));
                            sum[p][0][right] = add_products(sum[p][0][right], two, w0);
                            sum[p][1][right] = add_products(sum[p][1][right], two, w1);
                        }
                }
            for (int p = 0; p < 2; p++)
                for (int g = 0; g < 2; g++)
                    store(out + (pair + p) * out_step + 16 * (group + g),
                          interleave(narrow_rectified(sum[p][g][0], sum[p][g][1], by)));
        }
    }
}

/* The last layer and the sum with the pixels themselves, for eight pixels: two rows of 16. */
INLINE void last_layer(const struct network *net, const int16_t *in, const uint8_t *luma, uint8_t *above,
                       uint8_t *below) {
    const int by = net->shift[LAYERS - 1], bits = net->last_bits;
    const vec half = half_of(by), last_half = half_of(bits);
    const __m128i shift = _mm_cvtsi32_si128(by), last_shift = _mm_cvtsi32_si128(bits);
    const vec largest = _mm256_set1_epi32(LARGEST), lowest = _mm256_set1_epi32(-LARGEST - 1);
    vec four[BLOCK]; /* of each pair: four values of the left pixel, four of the right one */
    for (int pair = 0; pair < BLOCK; pair++, luma += 2) {
        vec sum = half;
        for (int group = 0; group < 2; group++) {
            const vec values = _mm256_permute4x64_epi64(load(in + 32 * pair + 16 * group), 0xd8);
            const pairs *w = net->point4 + 4 * group;
            sum = add_products(sum, _mm256_shuffle_epi32(values, 0x00), load(w[0]));
            sum = add_products(sum, _mm256_shuffle_epi32(values, 0x55), load(w[1]));
            sum = add_products(sum, _mm256_shuffle_epi32(values, 0xaa), load(w[2]));
            sum = add_products(sum, _mm256_shuffle_epi32(values, 0xff), load(w[3]));
        }
        sum = _mm256_max_epi32(_mm256_min_epi32(_mm256_sra_epi32(sum, shift), largest), lowest);
        const vec pixels = _mm256_setr_m128i(_mm_set1_epi32(luma[0]), _mm_set1_epi32(luma[1]));
        sum = _mm256_add_epi32(sum, _mm256_add_epi32(last_half, _mm256_sll_epi32(pixels, last_shift)));
        four[pair] = _mm256_sra_epi32(sum, last_shift);
    }
    const vec bytes = _mm256_packus_epi16(_mm256_packs_epi32(four[0], four[1]), _mm256_packs_epi32(four[2], four[3]));
    const vec order = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15,
                                       0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
    const vec by_row = _mm256_shuffle_epi8(bytes, order);
    const __m128i left = _mm256_castsi256_si128(by_row), right = _mm256_extracti128_si256(by_row, 1);
    _mm_storeu_si128((__m128i *)above, _mm_unpacklo_epi16(left, right));
    _mm_storeu_si128((__m128i *)below, _mm_unpackhi_epi16(left, right));
}

/* Makes zeros of what lies behind the picture's last pixel. */
static void clear_behind(int16_t *row, int channels, int width, int count) {
    if (width % 2)
        for (int channel = 0; channel < channels; channel++) row[width / 2 * 2 * channels + 2 * channel + 1] = 0;
    const int from = (width + 1) / 2;
    memset(row + from * 2 * channels, 0, sizeof(int16_t) * 2 * channels * (count + 1 - from));
}

static int count_pairs(int width) { return (width + 2 * BLOCK - 1) / (2 * BLOCK) * BLOCK; }

static size_t row_values(int channels, int width) { return (size_t)2 * channels * (count_pairs(width) + 2); }

/* One row of the first five layers. */
static void upper_layers(const struct network *net, const uint8_t *luma, ptrdiff_t stride, int width, int height, int y,
                         int16_t *columns, int16_t *below, int16_t *skipped, int16_t *slim_row, int16_t *out) {
    const uint8_t *row = luma + y * stride;
    int16_t middle[CHUNK * 64];
    const int count = count_pairs(width);
    for (int x = 0; x < width; x++) {
        columns[2 * x + 2] = y > 0 ? row[x - stride] : 0;
        columns[2 * x + 3] = row[x];
        below[x + 1] = y + 1 < height ? row[x + stride] : 0;
    }
    first_layer(net, columns, below, count, skipped);
    clear_behind(skipped, 32, width, count);
    for (int at = 0; at < count; at += CHUNK) {
        const int some = count - at < CHUNK ? count - at : CHUNK;
        across(4, net->across32, net->shift[1], skipped + 64 * at, some, middle);
        point(32, 16, net->point1[0][0], net->shift[2], NULL, NULL, middle, some, slim_row + 32 * at);
    }
    clear_behind(slim_row, 16, width, count);
    for (int at = 0; at < count; at += CHUNK) {
        const int some = count - at < CHUNK ? count - at : CHUNK;
        across(2, net->across16, net->shift[3], slim_row + 32 * at, some, middle);
        point(16, 32, net->point2[0][0], net->shift[4], net->skip, skipped + 64 * at, middle, some, out + 64 * at);
    }
    clear_behind(out, 32, width, count);
}

/* One row of the next two. */
static void middle_layers(const struct network *net, const int16_t *const rows[3], int width, int16_t *out) {
    int16_t middle[CHUNK * 64];
    const int count = count_pairs(width);
    for (int at = 0; at < count; at += CHUNK) {
        const int some = count - at < CHUNK ? count - at : CHUNK;
        around(4, net->around32, net->shift[5], rows, at, some, middle);
        point(32, 16, net->point3[0][0], net->shift[6], NULL, NULL, middle, some, out + 32 * at);
    }
    clear_behind(out, 16, width, count);
}

/* One row of the last two: two rows of the larger picture. */
static void lower_layers(const struct network *net, const int16_t *const rows[3], const uint8_t *luma, int width,
                         uint8_t *above, uint8_t *below) {
    int16_t middle[CHUNK * 32];
    const int count = count_pairs(width);
    for (int at = 0; at < count; at += CHUNK) {
        const int some = count - at < CHUNK ? count - at : CHUNK;
        around(2, net->around16, net->shift[7], rows, at, some, middle);
        for (int pair = 0; pair < some; pair += BLOCK) {
            const int x = 2 * (at + pair), left = width - x < 8 ? width - x : 8;
            if (left == 8) {
                last_layer(net, middle + 32 * pair, luma + x, above + 2 * x, below + 2 * x);
            } else {
                uint8_t few[8] = {0}, two[2][16];
                memcpy(few, luma + x, left);
                last_layer(net, middle + 32 * pair, few, two[0], two[1]);
                memcpy(above + 2 * x, two[0], 2 * left);
                memcpy(below + 2 * x, two[1], 2 * left);
            }
        }
    }
}

size_t network_bytes(void) { return sizeof(struct network); }

/* int16 values that `enlarge` needs for itself. All are 0 before its first use; what has to stay so does. */
size_t scratch_values(int width) {
    return row_values(1, width) + row_values(2, width) + 5 * row_values(32, width) + 4 * row_values(16, width);
}

static void fill_depth(const int16_t *weights, int channels, int rows, int columns, pairs *out) {
    const int taps = rows == 1 ? 6 : 12;
    for (int channel = 0; channel < channels; channel++)
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++) {
                const int16_t weight = weights[(row * columns + column) * channels + channel];
                pairs *group = out + channel / LANES * taps;
                const int lane = channel % LANES * 2, far = column - columns / 2;
                for (int right = 0; right < 2; right++) {
                    const int place = far + right + 2; /* from the left pixel of the pair before on */
                    const int tap = rows == 1 ? 3 * right + place / 2 : 4 * row + right + place / 2;
                    group[tap][lane + place % 2] = weight;
                }
            }
}

static void fill_point(const int16_t *weights, int inputs, int outputs, pairs *out) {
    for (int input = 0; input < inputs; input++)
        for (int output = 0; output < outputs; output++)
            out[input / 2 * (outputs / LANES) + output / LANES][output % LANES * 2 + input % 2] =
                weights[input * outputs + output];
}

/* Lays 2,560 weights, layer by layer as in a weight file, where the multiplications find them. */
void prepare(struct network *net, const int16_t *weights, const int32_t shift[LAYERS], int skip_shift, int last_bits) {
    memset(net, 0, sizeof *net);
    for (int channel = 0; channel < 32; channel++)
        for (int row = 0; row < 3; row++)
            for (int column = 0; column < 3; column++) {
                const int tap = row < 2 ? column : 3 + column / 2, second = row < 2 ? row : column % 2;
                int16_t *lanes = net->first[channel / LANES][tap] + channel % LANES * 2;
                lanes[second] = weights[(row * 3 + column) * 32 + channel];
            }
    weights += 9 * 32;
    fill_depth(weights, 32, 1, 5, net->across32[0]), weights += 5 * 32;
    fill_point(weights, 32, 16, net->point1[0]), weights += 32 * 16;
    fill_depth(weights, 16, 1, 5, net->across16[0]), weights += 5 * 16;
    fill_point(weights, 16, 32, net->point2[0]), weights += 16 * 32;
    fill_depth(weights, 32, 3, 3, net->around32[0]), weights += 9 * 32;
    fill_point(weights, 32, 16, net->point3[0]), weights += 32 * 16;
    fill_depth(weights, 16, 3, 3, net->around16[0]), weights += 9 * 16;
    for (int input = 0; input < 16; input++)
        for (int output = 0; output < 8; output++)
            net->point4[input / 2][2 * output + input % 2] = weights[input * 4 + output % 4];
    for (int lane = 0; lane < LANES; lane++)
        net->skip[0][2 * lane] = net->skip[1][2 * lane + 1] = (int16_t)(1 << skip_shift);
    memcpy(net->shift, shift, sizeof net->shift);
    net->last_bits = last_bits;
}

/* A row of maps with a pair of zeros before and behind it. */
static int16_t *take_row(int16_t **free, int channels, int width) {
    int16_t *row = *free + 2 * channels;
    *free += row_values(channels, width);
    return row;
}

/* Enlarges rows `first` to `last` of a picture into `out`, twice as many rows. */
void enlarge(const struct network *net, int16_t *scratch, const uint8_t *luma, ptrdiff_t stride, int width, int height,
             int first, int last, uint8_t *out, ptrdiff_t out_stride) {
    int16_t *columns = scratch, *below = columns + row_values(2, width), *free = below + row_values(1, width);
    int16_t *skipped = take_row(&free, 32, width), *slim_row = take_row(&free, 16, width);
    int16_t *wide[3], *slim[3]; /* the last three rows */
    for (int row = 0; row < 3; row++) wide[row] = take_row(&free, 32, width), slim[row] = take_row(&free, 16, width);
    const int16_t *none = take_row(&free, 32, width);
    for (int y = first - 2; y < last + 2; y++) {
        if (y >= 0 && y < height)
            upper_layers(net, luma, stride, width, height, y, columns, below, skipped, slim_row, wide[y % 3]);
        const int mid = y - 1;
        if (mid >= first - 1 && mid >= 0 && mid < height) {
            const int16_t *rows[3] = {mid > 0 ? wide[(mid + 2) % 3] : none, wide[mid % 3],
                                      y < height ? wide[y % 3] : none};
            middle_layers(net, rows, width, slim[mid % 3]);
        }
        const int low = y - 2;
        if (low >= first) {
            const int16_t *rows[3] = {low > 0 ? slim[(low + 2) % 3] : none, slim[low % 3],
                                      mid < height ? slim[mid % 3] : none};
            uint8_t *above = out + (low - first) * 2 * out_stride;
            lower_layers(net, rows, luma + low * stride, width, above, above + out_stride);
        }
    }
}
