/* The game of life on a torus (J. H. Conway, 1970), one byte a cell. */
#include "kernel.h"

enum { N = 256, STEPS = 40 };
static unsigned char boards[2][N][N];

int main(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            boards[0][i][j] = next_random() >> 33 & 1;
    for (int step = 0; step < STEPS; step++) {
        unsigned char(*old)[N] = boards[step % 2], (*new)[N] = boards[(step + 1) % 2];
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                int living = -old[i][j];
                for (int di = N - 1; di <= N + 1; di++)
                    for (int dj = N - 1; dj <= N + 1; dj++)
                        living += old[(i + di) % N][(j + dj) % N];
                if (old[i][j])
                    new[i][j] = living == 2 || living == 3;
                else
                    new[i][j] = living == 3;
            }
    }
    long living = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            living += boards[STEPS % 2][i][j];
    return report((double)living);
}
