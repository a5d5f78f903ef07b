/* What the kernels share: random numbers by rule (xorshift64, G. Marsaglia, "Xorshift RNGs", 2003) and a printed result,
 * so that no work can be left out by the compiler. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state = 88172645463325252u;

static inline uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Uniform in 0 ... 1. */
static inline double next_fraction(void)
{
    return (double)(next_random() >> 11) * 0x1p-53;
}

static inline void *allocated(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (!memory)
        abort();
    return memory;
}

static inline int report(double result)
{
    return printf("%.6g\n", result) < 0;
}
