/* A machine of a stack and a few registers that interprets a program: one indirect jump for each of its instructions. */
#include "kernel.h"

enum { PUSH, ADD, MULTIPLY, XOR, STORE, LOAD, DECREMENT, BRANCH, SHIFT, HALT, KINDS };
enum { BODIES = 60, LOOPS = 40000, REGISTERS = 8 };

static int64_t run(const int32_t *program, int64_t *registers)
{
    static void *const handlers[KINDS] = {&&push, &&add, &&multiply, &&xor, &&store, &&load, &&decrement,
                                          &&branch, &&shift, &&halt};
    int64_t stack[64], *top = stack;
    const int32_t *at = program;
#define NEXT goto *handlers[*at++]
    NEXT;
push:
    *top++ = *at++;
    NEXT;
add:
    top--, top[-1] += top[0];
    NEXT;
multiply:
    top--, top[-1] *= top[0];
    NEXT;
xor:
    top--, top[-1] ^= top[0];
    NEXT;
store:
    registers[*at++] = *--top;
    NEXT;
load:
    *top++ = registers[*at++];
    NEXT;
decrement:
    registers[*at++]--;
    NEXT;
branch:
    at = registers[at[0]] ? program + at[1] : at + 2;
    NEXT;
shift:
    top[-1] = (int64_t)((uint64_t)top[-1] >> 3);
    NEXT;
halt:
    return registers[1];
}

int main(void)
{
    static int32_t program[BODIES * 8 + 8];
    int64_t registers[REGISTERS] = {LOOPS, 1, 2, 3, 4, 5, 6, 7};
    int32_t length = 0;
    for (int body = 0; body < BODIES; body++) {
        program[length++] = LOAD, program[length++] = 1 + next_random() % (REGISTERS - 1);
        program[length++] = PUSH, program[length++] = next_random() % 1000;
        program[length++] = (int32_t[]){ADD, MULTIPLY, XOR}[next_random() % 3];
        if (next_random() % 2)
            program[length++] = SHIFT;
        program[length++] = STORE, program[length++] = 1 + next_random() % (REGISTERS - 1);
    }
    program[length++] = DECREMENT, program[length++] = 0;
    program[length++] = BRANCH, program[length++] = 0, program[length++] = 0;
    program[length++] = HALT;
    return report((double)run(program, registers));
}
