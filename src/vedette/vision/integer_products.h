/* Products of int16, added up in int32, sixteen an instruction: what the networks in integers share. For AVX2. */

#ifndef VEDETTE_INTEGER_PRODUCTS_H
#define VEDETTE_INTEGER_PRODUCTS_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

typedef __m256i vec;

enum { LANES = 8 }; /* int32 in a vec */

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

#endif
