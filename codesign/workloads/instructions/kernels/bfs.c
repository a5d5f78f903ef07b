/* Breadth-first search over a random graph of 2^17 vertices with 8 edges each. */
#include "kernel.h"

enum { VERTICES = 1 << 17, DEGREE = 8, SEARCHES = 8 };
static uint32_t edges[VERTICES][DEGREE], queue[VERTICES];
static int32_t distance[VERTICES];

int main(void)
{
    for (long v = 0; v < VERTICES; v++)
        for (int k = 0; k < DEGREE; k++)
            edges[v][k] = next_random() % VERTICES;
    double total = 0;
    for (int search = 0; search < SEARCHES; search++) {
        memset(distance, -1, sizeof distance);
        long head = 0, tail = 0;
        queue[tail++] = next_random() % VERTICES;
        distance[queue[0]] = 0;
        while (head < tail) {
            uint32_t v = queue[head++];
            for (int k = 0; k < DEGREE; k++) {
                uint32_t w = edges[v][k];
                if (distance[w] < 0) {
                    distance[w] = distance[v] + 1;
                    queue[tail++] = w;
                }
            }
        }
        total += distance[queue[tail - 1]];
    }
    return report(total);
}
