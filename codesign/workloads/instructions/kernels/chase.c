/* A walk along one random cycle through 8 MiB, each step the address of the next, with some arithmetic at every node. */
#include "kernel.h"

enum { NODES = 1 << 17, STEPS = 1 << 22 };
struct node {
    struct node *next;
    uint64_t value[7];
};

int main(void)
{
    struct node *nodes = allocated(NODES * sizeof *nodes);
    uint32_t *order = allocated(NODES * sizeof *order);
    for (uint32_t i = 0; i < NODES; i++)
        order[i] = i;
    for (uint32_t i = NODES - 1; i > 0; i--) {
        uint32_t j = next_random() % (i + 1), kept = order[i];
        order[i] = order[j], order[j] = kept;
    }
    for (uint32_t i = 0; i < NODES; i++) {
        nodes[order[i]].next = &nodes[order[(i + 1) % NODES]];
        nodes[order[i]].value[i % 7] = i;
    }
    uint64_t sum = 0;
    struct node *at = nodes;
    for (long step = 0; step < STEPS; step++) {
        for (int k = 0; k < 7; k++)
            sum = sum * 31 + at->value[k];
        at = at->next;
    }
    return report((double)sum);
}
