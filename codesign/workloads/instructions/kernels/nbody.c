/* Gravitation among 64 bodies, all pairs, with divisions and square roots. */
#include "kernel.h"
#include <math.h>

enum { BODIES = 64, STEPS = 400 };
static double place[BODIES][3], speed[BODIES][3], mass[BODIES];

int main(void)
{
    for (int i = 0; i < BODIES; i++) {
        mass[i] = next_fraction();
        for (int k = 0; k < 3; k++)
            place[i][k] = next_fraction();
    }
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < BODIES; i++)
            for (int j = i + 1; j < BODIES; j++) {
                double d[3], square = 1e-6;
                for (int k = 0; k < 3; k++)
                    d[k] = place[j][k] - place[i][k], square += d[k] * d[k];
                double pull = 1e-4 / (square * sqrt(square));
                for (int k = 0; k < 3; k++)
                    speed[i][k] += d[k] * pull * mass[j], speed[j][k] -= d[k] * pull * mass[i];
            }
        for (int i = 0; i < BODIES; i++)
            for (int k = 0; k < 3; k++)
                place[i][k] += 1e-4 * speed[i][k];
    }
    return report(place[0][0]);
}
