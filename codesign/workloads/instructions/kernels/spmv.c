/* Sparse matrix times vector, rows of uneven length with random columns (compressed sparse rows). */
#include "kernel.h"

enum { ROWS = 1 << 16, MOST = 24, PRODUCTS = 6 };

int main(void)
{
    uint32_t *begin = allocated((ROWS + 1) * sizeof *begin), *column = allocated((size_t)ROWS * MOST * sizeof *column);
    double *value = allocated((size_t)ROWS * MOST * sizeof *value);
    double *x = allocated(ROWS * sizeof *x), *y = allocated(ROWS * sizeof *y);
    for (uint32_t row = 0; row < ROWS; row++) {
        uint32_t length = 1 + next_random() % MOST, at = begin[row];
        for (uint32_t k = 0; k < length; k++, at++)
            column[at] = next_random() % ROWS, value[at] = next_fraction() / MOST;
        begin[row + 1] = at;
        x[row] = 1.0;
    }
    for (int product = 0; product < PRODUCTS; product++) {
        for (uint32_t row = 0; row < ROWS; row++) {
            double sum = 0;
            for (uint32_t k = begin[row]; k < begin[row + 1]; k++)
                sum += value[k] * x[column[k]];
            y[row] = sum;
        }
        double *kept = x;
        x = y, y = kept;
    }
    return report(x[ROWS / 2]);
}
