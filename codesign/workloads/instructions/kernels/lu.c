/* Triangular factors of a dense matrix with row exchanges (Gaussian elimination). */
#include "kernel.h"
#include <math.h>

enum { N = 320 };
static double a[N][N];

int main(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i][j] = next_fraction();
    double determinant = 0;
    for (int k = 0; k < N; k++) {
        int pivot = k;
        for (int i = k + 1; i < N; i++)
            if (fabs(a[i][k]) > fabs(a[pivot][k]))
                pivot = i;
        for (int j = 0; j < N; j++) {
            double kept = a[k][j];
            a[k][j] = a[pivot][j], a[pivot][j] = kept;
        }
        determinant += log(fabs(a[k][k]));
        for (int i = k + 1; i < N; i++) {
            double factor = a[i][k] /= a[k][k];
            for (int j = k + 1; j < N; j++)
                a[i][j] -= factor * a[k][j];
        }
    }
    return report(determinant);
}
