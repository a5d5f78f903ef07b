/* Insertions into, look-ups in and removals from an ordered tree balanced at random (treap, C. Aragon, R. Seidel, 1989). */
#include "kernel.h"

enum { KEYS = 60000, LOOKUPS = 200000 };
struct node {
    struct node *child[2];
    uint32_t key, priority;
};

static struct node *turned(struct node *root, int side)
{
    struct node *up = root->child[side];
    root->child[side] = up->child[!side];
    up->child[!side] = root;
    return up;
}

static struct node *inserted(struct node *root, uint32_t key)
{
    if (!root) {
        struct node *made = malloc(sizeof *made);
        *made = (struct node){{NULL, NULL}, key, (uint32_t)next_random()};
        return made;
    }
    if (key == root->key)
        return root;
    int side = key > root->key;
    root->child[side] = inserted(root->child[side], key);
    return root->child[side]->priority > root->priority ? turned(root, side) : root;
}

static struct node *removed(struct node *root, uint32_t key)
{
    if (!root)
        return NULL;
    if (key != root->key) {
        int side = key > root->key;
        root->child[side] = removed(root->child[side], key);
        return root;
    }
    if (!root->child[0] || !root->child[1]) {
        struct node *left = root->child[0] ? root->child[0] : root->child[1];
        free(root);
        return left;
    }
    int side = root->child[1]->priority > root->child[0]->priority;
    root = turned(root, side);
    root->child[!side] = removed(root->child[!side], key);
    return root;
}

int main(void)
{
    struct node *root = NULL;
    for (long i = 0; i < KEYS; i++)
        root = inserted(root, next_random() % (4 * KEYS));
    long found = 0;
    for (long i = 0; i < LOOKUPS; i++) {
        uint32_t key = next_random() % (4 * KEYS);
        struct node *at = root;
        while (at && at->key != key)
            at = at->child[key > at->key];
        found += at != NULL;
        if (i % 4 == 0)
            root = removed(root, key);
    }
    return report((double)found);
}
