/* The price of an option by simulation (P. Boyle, 1977): logarithms, square roots, exponentials. */
#include "kernel.h"
#include <math.h>

enum { PATHS = 200000 };

int main(void)
{
    double total = 0;
    for (long path = 0; path < PATHS; path++) {
        double radius = sqrt(-2 * log(1 - next_fraction()));
        double normal = radius * cos(6.283185307179586 * next_fraction());
        double price = 100 * exp(0.03 + 0.2 * normal);
        if (price > 105)
            total += price - 105;
    }
    return report(total / PATHS);
}
