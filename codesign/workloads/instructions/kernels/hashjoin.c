/* Join of two tables by a key: build a chained hash table of one, look up every row of the other. */
#include "kernel.h"

enum { BUILD = 1 << 16, PROBE = 1 << 20, BUCKETS = 1 << 16 };
struct row {
    uint64_t key, payload;
    int32_t next;
};
static struct row rows[BUILD];
static int32_t heads[BUCKETS];

static inline uint32_t bucket(uint64_t key)
{
    return (uint32_t)(key * 0x9e3779b97f4a7c15u >> 48);
}

int main(void)
{
    memset(heads, -1, sizeof heads);
    for (int32_t i = 0; i < BUILD; i++) {
        uint64_t key = next_random() % (2 * BUILD);
        rows[i] = (struct row){key, next_random() & 0xffff, heads[bucket(key)]};
        heads[bucket(key)] = i;
    }
    uint64_t sum = 0, matches = 0;
    for (long i = 0; i < PROBE; i++) {
        uint64_t key = next_random() % (2 * BUILD);
        for (int32_t at = heads[bucket(key)]; at >= 0; at = rows[at].next)
            if (rows[at].key == key)
                sum += rows[at].payload, matches++;
    }
    return report((double)(sum + matches));
}
