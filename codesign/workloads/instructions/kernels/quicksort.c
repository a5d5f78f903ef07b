/* Quicksort (C. A. R. Hoare, 1961) of random numbers, short parts by insertion. */
#include "kernel.h"

enum { N = 1 << 19, SHORT = 12 };
static uint32_t values[N];

static void sort(uint32_t *low, uint32_t *high)
{
    while (high - low > SHORT) {
        uint32_t pivot = low[(high - low) / 2], *i = low - 1, *j = high + 1;
        for (;;) {
            do
                i++;
            while (*i < pivot);
            do
                j--;
            while (*j > pivot);
            if (i >= j)
                break;
            uint32_t kept = *i;
            *i = *j, *j = kept;
        }
        sort(low, j);
        low = j + 1;
    }
    for (uint32_t *i = low + 1; i <= high; i++) {
        uint32_t kept = *i, *j = i;
        for (; j > low && j[-1] > kept; j--)
            *j = j[-1];
        *j = kept;
    }
}

int main(void)
{
    for (long i = 0; i < N; i++)
        values[i] = (uint32_t)next_random();
    sort(values, values + N - 1);
    return report(values[N / 2]);
}
