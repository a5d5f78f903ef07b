/* All ways to place 12 queens on a board, by backtracking over bit sets. */
#include "kernel.h"

enum { BOARD = 12 };

static long ways(uint32_t columns, uint32_t left, uint32_t right)
{
    uint32_t free = ~(columns | left | right) & ((1u << BOARD) - 1);
    long found = columns == (1u << BOARD) - 1;
    while (free) {
        uint32_t place = free & -free;
        free ^= place;
        found += ways(columns | place, (left | place) << 1, (right | place) >> 1);
    }
    return found;
}

int main(void)
{
    return report((double)ways(0, 0, 0));
}
