/* Edit distance of two texts by dynamic programming (V. Levenshtein, 1966; R. Wagner, M. Fischer, 1974). */
#include "kernel.h"

enum { N = 2500 };
static char a[N], b[N];
static int row[N + 1];

static inline int least(int x, int y)
{
    return x < y ? x : y;
}

int main(void)
{
    for (int i = 0; i < N; i++) {
        a[i] = 'a' + next_random() % 20;
        b[i] = next_random() % 4 ? a[i] : (char)('a' + next_random() % 20);
    }
    for (int j = 0; j <= N; j++)
        row[j] = j;
    for (int i = 1; i <= N; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= N; j++) {
            int above = row[j];
            if (a[i - 1] == b[j - 1])
                row[j] = diagonal;
            else
                row[j] = 1 + least(diagonal, least(above, row[j - 1]));
            diagonal = above;
        }
    }
    return report(row[N]);
}
