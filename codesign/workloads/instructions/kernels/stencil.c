/* Jacobi's iteration on a plane: each point becomes the mean of its four neighbours. */
#include "kernel.h"

enum { N = 400, STEPS = 30 };
static double planes[2][N][N];

int main(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            planes[0][i][j] = planes[1][i][j] = next_fraction();
    for (int step = 0; step < STEPS; step++) {
        double(*old)[N] = planes[step % 2], (*new)[N] = planes[(step + 1) % 2];
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                new[i][j] = 0.25 * (old[i - 1][j] + old[i + 1][j] + old[i][j - 1] + old[i][j + 1]);
    }
    return report(planes[STEPS % 2][N / 2][N / 2]);
}
