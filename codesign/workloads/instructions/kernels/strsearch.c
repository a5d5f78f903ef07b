/* Where words occur in a text of four letters (R. N. Horspool, 1980). */
#include "kernel.h"

enum { TEXT = 1 << 20, WORD = 9, WORDS = 24 };
static unsigned char text[TEXT];

int main(void)
{
    for (long i = 0; i < TEXT; i++)
        text[i] = "acgt"[next_random() >> 20 & 3];
    long found = 0;
    for (int count = 0; count < WORDS; count++) {
        const unsigned char *word = text + next_random() % (TEXT - WORD);
        long shift[256];
        for (int c = 0; c < 256; c++)
            shift[c] = WORD;
        for (int k = 0; k < WORD - 1; k++)
            shift[word[k]] = WORD - 1 - k;
        for (long at = 0; at <= TEXT - WORD; at += shift[text[at + WORD - 1]]) {
            int k = WORD - 1;
            while (k >= 0 && text[at + k] == word[k])
                k--;
            found += k < 0;
        }
    }
    return report((double)found);
}
