/* Prime numbers below 4 million, one bit each, by the sieve of Eratosthenes. */
#include "kernel.h"

enum { N = 4000000 };
static uint64_t crossed[N / 64 + 1];

int main(void)
{
    long primes = 0;
    for (long i = 2; i < N; i++) {
        if (crossed[i / 64] >> (i % 64) & 1)
            continue;
        primes++;
        for (long j = i * i; j < N; j += i)
            crossed[j / 64] |= UINT64_C(1) << (j % 64);
    }
    return report((double)primes);
}
