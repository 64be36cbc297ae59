/* A classifier of small pictures in 8 bits (integer.py), bit by bit the same, on AVX2.

   A 3x3 layer takes tiles of 4 x 6 values to 2 x 4 sums with 24 products for 72 (S. Winograd 1980; Lavin and Gray 2016,
   F(2, 3) down and F(4, 3) across). In integers that is exact: values grow to 13 bits, weights to 15 by whoever lays
   them out, and sums come out 48 times as large; what overflows on the way comes back. VPMADDWD then multiplies two
   inputs at a time.

   Maps lie as [y][x][channel] int16 with a border of zeros: one pixel before, some behind. Design:
   docs/design/classifier.md. */

#include <math.h>
#include <stddef.h>

#include "../integer_products.h"

enum {
    DOWN = 4, ACROSS = 6, SPOTS = DOWN * ACROSS, /* of a tile, column by column */
    CHUNK = 16, /* channels at a time: inputs that are multiplied without a look at a counter, and outputs */
    MOST_TILES = 6, /* at a time: two sums of each stay in registers */
    FITTING = 1 << 16, /* values of tiles that are multiplied before the next are made */
    COLOURS = 3,
    STEM_PIXELS = 4,
};

struct layer {
    int32_t inputs, outputs; /* multiples of CHUNK */
    int32_t side;            /* of the map that it reads, in pixels */
    int32_t has_border;      /* what it leaves is as large; else two pixels smaller */
    int32_t is_pooled;       /* the largest of 2 x 2 */
    int32_t unused;
    const int16_t *weights;    /* [outputs / 16][spot][inputs / 2][output % 16][input % 2] */
    const float *scale, *bias; /* of each output: from sums to levels, of the last layer to features */
    int16_t *map;              /* that it reads, of each picture */
};

struct network {
    int32_t pictures; /* that are looked at in one go, and their answers added */
    int32_t side, stem_outputs, layers, classes, unused;
    const float *stem, *stem_bias;     /* [colour][2][2][output], in levels */
    const float *dense, *dense_bias;   /* [class][feature] */
    const struct layer *layer;
    int16_t *tiles;
    float *features; /* of each picture */
};

/* Sixteen numbers as levels, 0 to 255. */
INLINE vec to_levels(__m256 low, __m256 high) {
    const vec both = _mm256_packs_epi32(_mm256_cvtps_epi32(low), _mm256_cvtps_epi32(high));
    const vec levels = _mm256_min_epi16(_mm256_max_epi16(both, _mm256_setzero_si256()), _mm256_set1_epi16(255));
    return _mm256_permute4x64_epi64(levels, 0xd8);
}

/* Of sums 48 times as large: a third by what makes 1 of 3, and the sixteenth of that. */
INLINE __m256 rescale(vec sum, const float *scale, const float *bias) {
    const vec whole = _mm256_srai_epi32(_mm256_mullo_epi32(sum, _mm256_set1_epi32((int32_t)0xaaaaaaab)), 4);
    const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(whole), _mm256_loadu_ps(scale));
    return _mm256_add_ps(product, _mm256_loadu_ps(bias));
}

/* Of a map of so many pixels with its border, which reaches as far as its last tile may. */
static int map_width(int side) { return side + 5; }

static ptrdiff_t map_values(int side, int channels) { return (ptrdiff_t)(side + 3) * map_width(side) * channels; }

static int summed_side(const struct layer *layer) { return layer->side - (layer->has_border ? 0 : 2); }

static int left_side(const struct layer *layer) {
    return layer->is_pooled ? summed_side(layer) / 2 : summed_side(layer);
}

/* Tiles above each other and side by side. */
static int count_down(const struct layer *layer) {
    return layer->is_pooled ? left_side(layer) : (left_side(layer) + 1) / 2;
}

static int count_across(const struct layer *layer) {
    return layer->is_pooled ? (left_side(layer) + 1) / 2 : (left_side(layer) + 3) / 4;
}

/* Where a pixel that a layer leaves lies in the next one's maps. */
INLINE ptrdiff_t place(const struct layer *layer, int picture, int y, int x) {
    const int side = left_side(layer);
    return picture * map_values(side, layer->outputs) +
           ((ptrdiff_t)(y + 1) * map_width(side) + x + 1) * layer->outputs;
}

/* The first layer: 2x2, from colours. */
INLINE void stem_pixels(int outputs, const float *planes, int side, const float *weights, const float *bias,
                        int16_t *out) {
    for (int output = 0; output < outputs; output += CHUNK) {
        __m256 sum[STEM_PIXELS][2];
        for (int x = 0; x < STEM_PIXELS; x++)
            for (int half = 0; half < 2; half++) sum[x][half] = _mm256_loadu_ps(bias + output + LANES * half);
        for (int line = 0; line < 2 * COLOURS; line++) {
            const float *from = planes + (line / 2 * side + line % 2) * side;
            const float *w = weights + 2 * line * outputs + output;
            for (int column = 0; column < 2; column++, from++, w += outputs) {
                const __m256 w0 = _mm256_loadu_ps(w), w1 = _mm256_loadu_ps(w + LANES);
                for (int x = 0; x < STEM_PIXELS; x++) {
                    const __m256 value = _mm256_set1_ps(from[x]);
                    sum[x][0] = _mm256_fmadd_ps(value, w0, sum[x][0]);
                    sum[x][1] = _mm256_fmadd_ps(value, w1, sum[x][1]);
                }
            }
        }
        for (int x = 0; x < STEM_PIXELS; x++) store(out + x * outputs + output, to_levels(sum[x][0], sum[x][1]));
    }
}

static void stem(const struct network *net, const float *planes, int16_t *map) {
    const int side = net->side, outputs = net->stem_outputs, left = side - 1, row = map_width(left) * outputs;
    for (int y = 0; y < left; y++)
        for (int x = 0; x < left; x += STEM_PIXELS) {
            const int at = x + STEM_PIXELS <= left ? x : left - STEM_PIXELS;
            stem_pixels(outputs, planes + y * side + at, side, net->stem, net->stem_bias,
                        map + (y + 1) * row + (at + 1) * outputs);
        }
}

/* F(4, 3) of six neighbours. */
INLINE void spread_across(const int16_t *at, int step, vec out[ACROSS]) {
    const vec a = load(at), b = load(at + step), c = load(at + 2 * step);
    const vec d = load(at + 3 * step), e = load(at + 4 * step), f = load(at + 5 * step);
    const vec ce = _mm256_sub_epi16(e, c), bd = _mm256_sub_epi16(d, b), twice = _mm256_add_epi16(bd, bd);
    out[0] = _mm256_add_epi16(_mm256_slli_epi16(_mm256_sub_epi16(a, c), 2), ce);
    out[1] = _mm256_sub_epi16(_mm256_add_epi16(d, e), _mm256_slli_epi16(_mm256_add_epi16(b, c), 2));
    out[2] = _mm256_add_epi16(_mm256_sub_epi16(e, d), _mm256_slli_epi16(_mm256_sub_epi16(b, c), 2));
    out[3] = _mm256_add_epi16(ce, twice);
    out[4] = _mm256_sub_epi16(ce, twice);
    out[5] = _mm256_sub_epi16(_mm256_sub_epi16(f, d), _mm256_add_epi16(twice, twice));
}

/* Tiles of `rows` rows of them, from row `first` of all pictures on: [input / 16][tile][spot][16]. */
static void make_tiles(const struct layer *layer, int first, int rows, int16_t *out) {
    const int channels = layer->inputs, row = map_width(layer->side) * channels;
    const int down = count_down(layer), across = count_across(layer), begin = layer->has_border ? 0 : row + channels;
    for (int chunk = 0; chunk < channels; chunk += CHUNK)
        for (int y = first; y < first + rows; y++)
            for (int x = 0; x < across; x++, out += SPOTS * CHUNK) {
                const int16_t *at = layer->map + y / down * map_values(layer->side, channels) + begin +
                                    2 * (y % down) * row + 4 * x * channels + chunk;
                vec lines[DOWN][ACROSS];
                for (int line = 0; line < DOWN; line++) spread_across(at + line * row, channels, lines[line]);
                for (int column = 0; column < ACROSS; column++) {
                    int16_t *to = out + column * DOWN * CHUNK;
                    const vec a = lines[0][column], b = lines[1][column], c = lines[2][column], d = lines[3][column];
                    store(to, _mm256_sub_epi16(a, c));
                    store(to + CHUNK, _mm256_add_epi16(b, c));
                    store(to + 2 * CHUNK, _mm256_sub_epi16(c, b));
                    store(to + 3 * CHUNK, _mm256_sub_epi16(b, d));
                }
            }
}

INLINE void multiply_chunk(int tiles, int is_first, const int16_t *values, const int16_t *weights, vec (*sum)[2]) {
#pragma GCC unroll 8
    for (int pair = 0; pair < CHUNK / 2; pair++) {
        const vec w0 = load(weights + 32 * pair), w1 = load(weights + 32 * pair + 16);
        for (int tile = 0; tile < tiles; tile++) {
            const vec two = spread(values + tile * SPOTS * CHUNK + 2 * pair);
            if (is_first && pair == 0) {
                sum[tile][0] = _mm256_madd_epi16(two, w0);
                sum[tile][1] = _mm256_madd_epi16(two, w1);
            } else {
                sum[tile][0] = add_products(sum[tile][0], two, w0);
                sum[tile][1] = add_products(sum[tile][1], two, w1);
            }
        }
    }
}

/* One spot of some tiles. `step`: from a chunk of theirs to the next. */
INLINE void multiply(int tiles, const int16_t *values, ptrdiff_t step, int chunks, const int16_t *weights,
                     vec (*sums)[2]) {
    vec sum[MOST_TILES][2];
    multiply_chunk(tiles, 1, values, weights, sum);
    for (int chunk = 1; chunk < chunks; chunk++)
        multiply_chunk(tiles, 0, values + chunk * step, weights + chunk * CHUNK * CHUNK, sum);
    for (int tile = 0; tile < tiles; tile++)
        sums[tile][0] = sum[tile][0], sums[tile][1] = sum[tile][1];
}

/* Four neighbouring sums from six spots. */
INLINE void gather_across(const vec spots[ACROSS], vec sums[4]) {
    const vec both = _mm256_add_epi32(spots[1], spots[2]), apart = _mm256_sub_epi32(spots[1], spots[2]);
    const vec far = _mm256_add_epi32(spots[3], spots[4]), far_apart = _mm256_sub_epi32(spots[3], spots[4]);
    sums[0] = _mm256_add_epi32(_mm256_add_epi32(spots[0], both), far);
    sums[1] = _mm256_add_epi32(apart, _mm256_slli_epi32(far_apart, 1));
    sums[2] = _mm256_add_epi32(both, _mm256_slli_epi32(far, 2));
    sums[3] = _mm256_add_epi32(_mm256_add_epi32(apart, _mm256_slli_epi32(far_apart, 3)), spots[5]);
}

/* From the spots of a tile to its sums, two rows of four, 48 times as large. */
INLINE void gather(const vec (*spots)[MOST_TILES][2], int tile, int half, vec sums[2][4]) {
    vec upper[ACROSS], lower[ACROSS];
    for (int x = 0; x < ACROSS; x++) {
        const vec a = spots[DOWN * x][tile][half], b = spots[DOWN * x + 1][tile][half];
        const vec c = spots[DOWN * x + 2][tile][half], d = spots[DOWN * x + 3][tile][half];
        upper[x] = _mm256_add_epi32(_mm256_add_epi32(a, b), c);
        lower[x] = _mm256_sub_epi32(_mm256_sub_epi32(b, c), d);
    }
    gather_across(upper, sums[0]);
    gather_across(lower, sums[1]);
}

INLINE vec largest_of(vec a, vec b, vec c, vec d) {
    return _mm256_max_epi32(_mm256_max_epi32(a, b), _mm256_max_epi32(c, d));
}

/* Sixteen outputs of some tiles, from the `at`th of `count` on that begin with row `first`. To `map`, or, where there
   is none, to the largest of each feature. */
INLINE void put_tiles(int tiles, const struct layer *layer, const int16_t *values, int first, int at, int count,
                      int output, int16_t *map, float *features) {
    vec spots[SPOTS][MOST_TILES][2];
    const int16_t *weights = layer->weights + (ptrdiff_t)output * SPOTS * layer->inputs;
    const int left = left_side(layer), down = count_down(layer), across = count_across(layer);
    const int asked = summed_side(layer) < 4 ? SPOTS - DOWN : SPOTS; /* the last column serves fourth sums alone */
    if (asked < SPOTS) memset(spots[asked], 0, DOWN * sizeof spots[0]);
    for (int spot = 0; spot < asked; spot++)
        multiply(tiles, values + (at * SPOTS + spot) * CHUNK, (ptrdiff_t)count * SPOTS * CHUNK, layer->inputs / CHUNK,
                 weights + (ptrdiff_t)spot * layer->inputs * CHUNK, spots[spot]);
    const float *scale = layer->scale + output, *bias = layer->bias + output;
    for (int tile = 0; tile < tiles; tile++) {
        const int line = first + (at + tile) / across, picture = line / down;
        const int y = line % down, x = (at + tile) % across;
        vec sums[2][2][4];
        for (int half = 0; half < 2; half++) gather(spots, tile, half, sums[half]);
        if (layer->is_pooled) {
            for (int pixel = 0; pixel < 2 && 2 * x + pixel < left; pixel++) {
                vec best[2];
                for (int half = 0; half < 2; half++) {
                    const vec *upper = sums[half][0] + 2 * pixel, *lower = sums[half][1] + 2 * pixel;
                    best[half] = largest_of(upper[0], upper[1], lower[0], lower[1]);
                }
                store(map + place(layer, picture, y, 2 * x + pixel) + output,
                      to_levels(rescale(best[0], scale, bias), rescale(best[1], scale + LANES, bias + LANES)));
            }
            continue;
        }
        for (int pixel = 0; pixel < 8; pixel++) {
            const int to_y = 2 * y + pixel / 4, to_x = 4 * x + pixel % 4;
            if (to_y >= left || to_x >= left) continue;
            const __m256 low = rescale(sums[0][pixel / 4][pixel % 4], scale, bias);
            const __m256 high = rescale(sums[1][pixel / 4][pixel % 4], scale + LANES, bias + LANES);
            if (features) {
                float *best = features + picture * layer->outputs + output;
                _mm256_storeu_ps(best, _mm256_max_ps(_mm256_loadu_ps(best), low));
                _mm256_storeu_ps(best + LANES, _mm256_max_ps(_mm256_loadu_ps(best + LANES), high));
            } else {
                store(map + place(layer, picture, to_y, to_x) + output, to_levels(low, high));
            }
        }
    }
}

static void run_layer(const struct network *net, const struct layer *layer, int16_t *map, float *features) {
    const int across = count_across(layer), lines = net->pictures * count_down(layer);
    const int fitting = FITTING / (layer->inputs * across * SPOTS), most = fitting > 0 ? fitting : 1;
    for (int first = 0; first < lines; first += most) {
        const int rows = lines - first < most ? lines - first : most, count = rows * across;
        const int parts = (count + MOST_TILES - 1) / MOST_TILES;
        make_tiles(layer, first, rows, net->tiles);
        for (int output = 0; output < layer->outputs; output += CHUNK)
            for (int part = 0, at = 0, some = 0; part < parts; part++, at += some) {
                some = (count - at) / (parts - part);
#define PUT(some) put_tiles(some, layer, net->tiles, first, at, count, output, map, features)
                switch (some) { /* of four to six tiles, or all that there are */
                    case 1: PUT(1); break;
                    case 2: PUT(2); break;
                    case 3: PUT(3); break;
                    case 4: PUT(4); break;
                    case 5: PUT(5); break;
                    case 6: PUT(6); break;
                }
#undef PUT
            }
    }
}

/* Features of all pictures to the classes' probabilities. */
static void answer(const struct network *net, int count, float *probabilities) {
    float *features = net->features, largest = -INFINITY, total = 0;
    for (int picture = 1; picture < net->pictures; picture++)
        for (int feature = 0; feature < count; feature++) features[feature] += features[picture * count + feature];
    for (int class = 0; class < net->classes; class++) {
        float sum = net->dense_bias[class];
        for (int feature = 0; feature < count; feature++) sum += net->dense[class * count + feature] * features[feature];
        probabilities[class] = sum;
        largest = sum > largest ? sum : largest;
    }
    for (int class = 0; class < net->classes; class++) {
        probabilities[class] = expf(probabilities[class] - largest);
        total += probabilities[class];
    }
    for (int class = 0; class < net->classes; class++) probabilities[class] /= total;
}

/* How many values one picture's map has that a layer reads. */
size_t read_values(const struct layer *layer) { return map_values(layer->side, layer->inputs); }

/* How many values of tiles a layer needs room for. */
size_t tile_values(const struct layer *layer) {
    const size_t row = (size_t)layer->inputs * count_across(layer) * SPOTS;
    return row > FITTING ? row : FITTING;
}

/* Pictures as [picture][colour][y][x]. Borders of maps must be zero. */
void classify(const struct network *net, const float *pictures, float *probabilities) {
    const struct layer *first = net->layer, *last = first + net->layers - 1;
    const ptrdiff_t planes = (ptrdiff_t)COLOURS * net->side * net->side;
    for (int picture = 0; picture < net->pictures; picture++)
        stem(net, pictures + picture * planes, first->map + picture * map_values(first->side, first->inputs));
    memset(net->features, 0, sizeof(float) * net->pictures * last->outputs);
    for (const struct layer *layer = first; layer < last; layer++) run_layer(net, layer, layer[1].map, NULL);
    run_layer(net, last, NULL, net->features);
    answer(net, last->outputs, probabilities);
}
