/* Fast Fourier transform of 2^16 complex numbers, radix 2, in place (J. Cooley, J. Tukey, 1965). */
#include "kernel.h"
#include <math.h>

enum { BITS = 16, N = 1 << BITS, TRANSFORMS = 3 };
static double real[N], imaginary[N], cosine[N / 2], sine[N / 2];

static void transform(void)
{
    for (uint32_t i = 0; i < N; i++) {
        uint32_t j = 0;
        for (int bit = 0; bit < BITS; bit++)
            j |= (i >> bit & 1) << (BITS - 1 - bit);
        if (i < j) {
            double kept = real[i];
            real[i] = real[j], real[j] = kept;
            kept = imaginary[i], imaginary[i] = imaginary[j], imaginary[j] = kept;
        }
    }
    for (int half = 1; half < N; half *= 2)
        for (int start = 0; start < N; start += 2 * half)
            for (int k = 0; k < half; k++) {
                double c = cosine[k * (N / 2 / half)], s = sine[k * (N / 2 / half)];
                int i = start + k, j = i + half;
                double x = real[j] * c - imaginary[j] * s, y = real[j] * s + imaginary[j] * c;
                real[j] = real[i] - x, imaginary[j] = imaginary[i] - y;
                real[i] += x, imaginary[i] += y;
            }
}

int main(void)
{
    for (int k = 0; k < N / 2; k++)
        cosine[k] = cos(k * 6.283185307179586 / N), sine[k] = -sin(k * 6.283185307179586 / N);
    for (int i = 0; i < N; i++)
        real[i] = next_fraction();
    for (int count = 0; count < TRANSFORMS; count++)
        transform();
    return report(real[1]);
}
