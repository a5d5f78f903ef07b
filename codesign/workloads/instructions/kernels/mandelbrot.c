/* Steps until each point of a plane escapes z := z^2 + c. */
#include "kernel.h"

enum { N = 220, MOST = 300 };

int main(void)
{
    long total = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double cx = -2.0 + 2.6 * j / N, cy = -1.3 + 2.6 * i / N, x = 0, y = 0;
            int step = 0;
            while (step < MOST && x * x + y * y < 4) {
                double next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
                step++;
            }
            total += step;
        }
    return report((double)total);
}
