/* a = b + s c over vectors far larger than any cache (the triad of STREAM, J. McCalpin, 1995). */
#include "kernel.h"

enum { N = 1 << 20, SWEEPS = 6 };

int main(void)
{
    double *a = allocated(N * sizeof *a), *b = allocated(N * sizeof *b), *c = allocated(N * sizeof *c);
    for (long i = 0; i < N; i++)
        b[i] = (double)i, c[i] = 2.0;
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (long i = 0; i < N; i++)
            a[i] = b[i] + (sweep + 0.5) * c[i];
    return report(a[N / 3]);
}
