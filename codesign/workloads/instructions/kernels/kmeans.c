/* Clusters by Lloyd's method: 20,000 points in 8 dimensions around 16 centres. */
#include "kernel.h"

enum { POINTS = 20000, DIMENSIONS = 8, CENTRES = 16, ROUNDS = 8 };
static float point[POINTS][DIMENSIONS], centre[CENTRES][DIMENSIONS], sum[CENTRES][DIMENSIONS];
static int members[CENTRES];

int main(void)
{
    for (int p = 0; p < POINTS; p++)
        for (int d = 0; d < DIMENSIONS; d++)
            point[p][d] = (float)next_fraction();
    memcpy(centre, point, sizeof centre);
    float total = 0;
    for (int round = 0; round < ROUNDS; round++) {
        memset(sum, 0, sizeof sum);
        memset(members, 0, sizeof members);
        total = 0;
        for (int p = 0; p < POINTS; p++) {
            int best = 0;
            float nearest = 1e30f;
            for (int c = 0; c < CENTRES; c++) {
                float distance = 0;
                for (int d = 0; d < DIMENSIONS; d++)
                    distance += (point[p][d] - centre[c][d]) * (point[p][d] - centre[c][d]);
                if (distance < nearest)
                    nearest = distance, best = c;
            }
            members[best]++;
            total += nearest;
            for (int d = 0; d < DIMENSIONS; d++)
                sum[best][d] += point[p][d];
        }
        for (int c = 0; c < CENTRES; c++)
            for (int d = 0; d < DIMENSIONS; d++)
                centre[c][d] = members[c] ? sum[c][d] / members[c] : centre[c][d];
    }
    return report(total);
}
