/* A classifier of small pictures in 8 bits (integer.py), bit by bit the same, on AVX2.

   A 3x3 layer takes squares of 4 x 4 values to squares of 2 x 2 sums with 16 products for 36 (S. Winograd 1980; Lavin
   and Gray 2016, F(2x2, 3x3)). In integers that is exact: squares are added and subtracted to 11 bits, weights to 12 by
   whoever lays them out, and sums come out four times as large. VPMADDWD then multiplies two inputs at a time.

   Maps lie as [y][x][channel] int16 with a border of zeros: one pixel before, two behind. Design:
   docs/design/classifier.md. */

#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    LANES = 8,
    SPOTS = 16,        /* of a square */
    CHUNK = 16,        /* channels at a time: inputs that are multiplied without a look at a counter, and outputs */
    MOST_SQUARES = 6,  /* at a time: two sums of each stay in registers */
    FITTING = 1 << 15, /* values of squares that are multiplied before the next are made */
    COLOURS = 3,
    STEM_TAPS = 12,
    STEM_PIXELS = 4,
};

typedef __m256i vec;

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
    int16_t *squares;
    float *features; /* of each picture */
};

#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const int16_t *from) { return _mm256_loadu_si256((const vec *)from); }

INLINE void store(int16_t *to, vec value) { _mm256_storeu_si256((vec *)to, value); }

INLINE vec add_products(vec sum, vec values, vec weights) {
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return _mm256_dpwssd_epi32(sum, values, weights);
#else
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(values, weights));
    __asm__("" : "+x"(sum)); /* or GCC adds in another order, for which there are too few registers */
    return sum;
#endif
}

/* Two neighbouring int16, in all lanes. */
INLINE vec spread(const int16_t *two) {
    int32_t both;
    memcpy(&both, two, sizeof both);
    return _mm256_set1_epi32(both);
}

/* Sixteen numbers as levels, 0 to 255. */
INLINE vec to_levels(__m256 low, __m256 high) {
    const vec both = _mm256_packs_epi32(_mm256_cvtps_epi32(low), _mm256_cvtps_epi32(high));
    const vec levels = _mm256_min_epi16(_mm256_max_epi16(both, _mm256_setzero_si256()), _mm256_set1_epi16(255));
    return _mm256_permute4x64_epi64(levels, 0xd8);
}

INLINE __m256 rescale(vec sum, const float *scale, const float *bias) {
    const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_loadu_ps(scale));
    return _mm256_add_ps(product, _mm256_loadu_ps(bias));
}

static int map_side(int side) { return side + 3; }

static ptrdiff_t map_values(int side, int channels) { return (ptrdiff_t)map_side(side) * map_side(side) * channels; }

static int summed_side(const struct layer *layer) { return layer->side - (layer->has_border ? 0 : 2); }

static int left_side(const struct layer *layer) {
    return layer->is_pooled ? summed_side(layer) / 2 : summed_side(layer);
}

/* Squares in a row of the picture. One that is pooled leaves out a last row and column by itself. */
static int count_across(const struct layer *layer) {
    return layer->is_pooled ? summed_side(layer) / 2 : (summed_side(layer) + 1) / 2;
}

/* Where a pixel that a layer leaves lies in the next one's maps. */
INLINE ptrdiff_t place(const struct layer *layer, int picture, int y, int x) {
    const int side = left_side(layer);
    return picture * map_values(side, layer->outputs) +
           ((ptrdiff_t)(y + 1) * map_side(side) + x + 1) * layer->outputs;
}

/* The first layer: 2x2, from colours. */
INLINE void stem_pixels(int outputs, const float *planes, int side, const float *weights, const float *bias,
                        int16_t *out) {
    for (int output = 0; output < outputs; output += CHUNK) {
        __m256 sum[STEM_PIXELS][2];
        for (int x = 0; x < STEM_PIXELS; x++)
            for (int half = 0; half < 2; half++) sum[x][half] = _mm256_loadu_ps(bias + output + LANES * half);
#pragma GCC unroll 12
        for (int tap = 0; tap < STEM_TAPS; tap++) {
            const float *from = planes + (tap / 4 * side + tap % 4 / 2) * side + tap % 2;
            const __m256 w0 = _mm256_loadu_ps(weights + tap * outputs + output);
            const __m256 w1 = _mm256_loadu_ps(weights + tap * outputs + output + LANES);
            for (int x = 0; x < STEM_PIXELS; x++) {
                const __m256 value = _mm256_set1_ps(from[x]);
                sum[x][0] = _mm256_fmadd_ps(value, w0, sum[x][0]);
                sum[x][1] = _mm256_fmadd_ps(value, w1, sum[x][1]);
                __asm__("" : "+x"(sum[x][0]), "+x"(sum[x][1])); /* as above */
            }
        }
        for (int x = 0; x < STEM_PIXELS; x++) store(out + x * outputs + output, to_levels(sum[x][0], sum[x][1]));
    }
}

static void stem(const struct network *net, const float *planes, int16_t *map) {
    const int side = net->side, outputs = net->stem_outputs, left = side - 1, row = map_side(left) * outputs;
    for (int y = 0; y < left; y++)
        for (int x = 0; x < left; x += STEM_PIXELS) {
            const int at = x + STEM_PIXELS <= left ? x : left - STEM_PIXELS;
            stem_pixels(outputs, planes + y * side + at, side, net->stem, net->stem_bias,
                        map + (y + 1) * row + (at + 1) * outputs);
        }
}

/* Squares of `rows` rows of them, from row `first` of all pictures on: [input / 16][square][spot][16]. */
static void make_squares(const struct layer *layer, int first, int rows, int16_t *out) {
    const int channels = layer->inputs, across = count_across(layer), row = map_side(layer->side) * channels;
    const int begin = layer->has_border ? 0 : row + channels;
    for (int chunk = 0; chunk < channels; chunk += CHUNK)
        for (int y = first; y < first + rows; y++)
            for (int x = 0; x < across; x++, out += SPOTS * CHUNK) {
                const int16_t *at = layer->map + y / across * map_values(layer->side, channels) + begin +
                                    2 * (y % across) * row + 2 * x * channels + chunk;
                vec half[4][4];
                for (int line = 0; line < 4; line++, at += row) {
                    const vec a = load(at), b = load(at + channels);
                    const vec c = load(at + 2 * channels), d = load(at + 3 * channels);
                    half[line][0] = _mm256_sub_epi16(a, c);
                    half[line][1] = _mm256_add_epi16(b, c);
                    half[line][2] = _mm256_sub_epi16(c, b);
                    half[line][3] = _mm256_sub_epi16(b, d);
                }
                for (int column = 0; column < 4; column++) {
                    int16_t *to = out + column * CHUNK;
                    const vec a = half[0][column], b = half[1][column], c = half[2][column], d = half[3][column];
                    store(to, _mm256_sub_epi16(a, c));
                    store(to + 4 * CHUNK, _mm256_add_epi16(b, c));
                    store(to + 8 * CHUNK, _mm256_sub_epi16(c, b));
                    store(to + 12 * CHUNK, _mm256_sub_epi16(b, d));
                }
            }
}

INLINE void multiply_chunk(int squares, int is_first, const int16_t *values, const int16_t *weights, vec (*sum)[2]) {
#pragma GCC unroll 8
    for (int pair = 0; pair < CHUNK / 2; pair++) {
        const vec w0 = load(weights + 32 * pair), w1 = load(weights + 32 * pair + 16);
        for (int square = 0; square < squares; square++) {
            const vec two = spread(values + square * SPOTS * CHUNK + 2 * pair);
            if (is_first && pair == 0) {
                sum[square][0] = _mm256_madd_epi16(two, w0);
                sum[square][1] = _mm256_madd_epi16(two, w1);
            } else {
                sum[square][0] = add_products(sum[square][0], two, w0);
                sum[square][1] = add_products(sum[square][1], two, w1);
            }
        }
    }
}

/* One spot of some squares. `step`: from a chunk of theirs to the next. */
INLINE void multiply(int squares, const int16_t *values, ptrdiff_t step, int chunks, const int16_t *weights,
                     vec (*sums)[2]) {
    vec sum[MOST_SQUARES][2];
    multiply_chunk(squares, 1, values, weights, sum);
    for (int chunk = 1; chunk < chunks; chunk++)
        multiply_chunk(squares, 0, values + chunk * step, weights + chunk * CHUNK * CHUNK, sum);
    for (int square = 0; square < squares; square++)
        sums[square][0] = sum[square][0], sums[square][1] = sum[square][1];
}

/* From the 16 spots of a square to four times its four sums. */
INLINE void gather(const vec (*spots)[MOST_SQUARES][2], int square, int half, vec sums[4]) {
    vec upper[4], lower[4];
    for (int x = 0; x < 4; x++) {
        const vec a = spots[x][square][half], b = spots[4 + x][square][half];
        const vec c = spots[8 + x][square][half], d = spots[12 + x][square][half];
        upper[x] = _mm256_add_epi32(_mm256_add_epi32(a, b), c);
        lower[x] = _mm256_sub_epi32(_mm256_sub_epi32(b, c), d);
    }
    sums[0] = _mm256_add_epi32(_mm256_add_epi32(upper[0], upper[1]), upper[2]);
    sums[1] = _mm256_sub_epi32(_mm256_sub_epi32(upper[1], upper[2]), upper[3]);
    sums[2] = _mm256_add_epi32(_mm256_add_epi32(lower[0], lower[1]), lower[2]);
    sums[3] = _mm256_sub_epi32(_mm256_sub_epi32(lower[1], lower[2]), lower[3]);
}

INLINE vec largest_of(const vec sums[4]) {
    return _mm256_max_epi32(_mm256_max_epi32(sums[0], sums[1]), _mm256_max_epi32(sums[2], sums[3]));
}

/* Sixteen outputs of some squares, from the `at`th of `count` on that begin with row `first`. To `map`, or, where there
   is none, to the largest of each feature. */
INLINE void put_squares(int squares, const struct layer *layer, const int16_t *values, int first, int at, int count,
                        int output, int16_t *map, float *features) {
    vec spots[SPOTS][MOST_SQUARES][2];
    const int16_t *weights = layer->weights + (ptrdiff_t)output * SPOTS * layer->inputs;
    for (int spot = 0; spot < SPOTS; spot++)
        multiply(squares, values + (at * SPOTS + spot) * CHUNK, (ptrdiff_t)count * SPOTS * CHUNK,
                 layer->inputs / CHUNK, weights + (ptrdiff_t)spot * layer->inputs * CHUNK, spots[spot]);
    const int left = left_side(layer), across = count_across(layer);
    const float *scale = layer->scale + output, *bias = layer->bias + output;
    for (int square = 0; square < squares; square++) {
        const int line = first + (at + square) / across, picture = line / across;
        const int y = line % across, x = (at + square) % across;
        vec sums[2][4];
        for (int half = 0; half < 2; half++) gather(spots, square, half, sums[half]);
        if (layer->is_pooled) {
            const vec low = largest_of(sums[0]), high = largest_of(sums[1]);
            store(map + place(layer, picture, y, x) + output,
                  to_levels(rescale(low, scale, bias), rescale(high, scale + LANES, bias + LANES)));
            continue;
        }
        for (int pixel = 0; pixel < 4; pixel++) {
            const int to_y = 2 * y + pixel / 2, to_x = 2 * x + pixel % 2;
            if (to_y >= left || to_x >= left) continue;
            const __m256 low = rescale(sums[0][pixel], scale, bias);
            const __m256 high = rescale(sums[1][pixel], scale + LANES, bias + LANES);
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
    const int across = count_across(layer), lines = net->pictures * across;
    const int fitting = FITTING / (layer->inputs * across * SPOTS), most = fitting > 0 ? fitting : 1;
    for (int first = 0; first < lines; first += most) {
        const int rows = lines - first < most ? lines - first : most, count = rows * across;
        const int parts = (count + MOST_SQUARES - 1) / MOST_SQUARES;
        make_squares(layer, first, rows, net->squares);
        for (int output = 0; output < layer->outputs; output += CHUNK)
            for (int part = 0, at = 0, some = 0; part < parts; part++, at += some) {
                some = (count - at) / (parts - part);
#define PUT(some) put_squares(some, layer, net->squares, first, at, count, output, map, features)
                switch (some) { /* of four to six squares, or all that there are */
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

/* How many values of squares a layer needs room for. */
size_t square_values(const struct layer *layer) {
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
