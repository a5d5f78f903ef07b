/* A plugin of QEMU's user-mode emulator that records which instructions the first thread of a program executes and which
 * memory they touch, in windows of equal length at equal distances.
 *
 * QEMU's plugin interface: https://www.qemu.org/docs/master/devel/tcg-plugins.html. Its header is not shipped by
 * distributions, so what is used of it is declared here; it holds for versions 1 to 6 of the interface.
 *
 * Arguments: folder=PATH, skip=N instructions before the first window, window=N instructions in each, windows=N,
 * period=N instructions from the start of one window to that of the next. With windows=0 instructions are only counted.
 *
 * Written to the folder (numbers of this machine's byte order):
 *   progress      u64 instructions executed so far; u64 1 once everything wanted is written
 *   instructions  u32 each: row of `code`, one for each recorded instruction
 *   operands      struct operand each, in program order
 *   code          struct instruction each, one for each translation of an instruction
 */

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_RW = 3 };
typedef struct {
    const char *target_name;
    struct {
        int min, cur;
    } version;
    bool system_emulation;
} qemu_info_t;

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *),
                                                 enum qemu_plugin_cb_flags, void *);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *),
                                                   enum qemu_plugin_cb_flags, void *);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *,
                                             void (*)(unsigned, qemu_plugin_meminfo_t, uint64_t, void *),
                                             enum qemu_plugin_cb_flags, enum qemu_plugin_mem_rw, void *);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
/* Up to version 2: one argument, returns the address of the bytes. From 3 on: copies them. */
extern uintptr_t qemu_plugin_insn_data(const struct qemu_plugin_insn *, void *, size_t);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern unsigned qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t);
extern bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t);

#define EXPORT __attribute__((visibility("default")))
#define FIRST_COPYING_VERSION 3
#define LONGEST 15

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

struct instruction {
    uint64_t address;
    uint8_t length;
    uint8_t bytes[LONGEST];
};

struct operand {
    uint64_t address;
    uint32_t instruction; /* position in `instructions` */
    uint16_t size;
    uint8_t is_store;
    uint8_t padding;
};

static struct {
    volatile uint64_t executed, complete;
} *progress;
static uint64_t window, windows, period;
static uint64_t next_start, next_stop, windows_done;
static uint32_t recorded;
static bool recording, copies_bytes;
static bool in_first_process = true;
static uint32_t translated;
static pthread_mutex_t translating = PTHREAD_MUTEX_INITIALIZER;
static FILE *instructions, *operands, *code;

static void finish_recording(void)
{
    next_start = UINT64_MAX;
    progress->complete = !(fclose(instructions) | fclose(operands) | fclose(code));
    windows_done = windows;
}

static void count_block(unsigned thread, void *length)
{
    if (thread == 0 && in_first_process)
        progress->executed += (uintptr_t)length;
}

/* Called before each instruction. Of each window one instruction more is recorded: where it is tells whether the last
 * one jumped. */
static void record_instruction(unsigned thread, void *row)
{
    if (thread != 0 || !in_first_process)
        return;
    uint64_t position = progress->executed++;
    recording = false;
    if (position < next_start)
        return;
    uint32_t number = (uintptr_t)row;
    fwrite(&number, sizeof number, 1, instructions);
    recorded++;
    if (position < next_stop) {
        recording = true;
        return;
    }
    next_start += period;
    next_stop += period;
    if (++windows_done == windows)
        finish_recording();
}

static void record_operand(unsigned thread, qemu_plugin_meminfo_t info, uint64_t address, void *unused)
{
    (void)unused;
    if (thread != 0 || !recording)
        return;
    uint16_t size = 1u << qemu_plugin_mem_size_shift(info);
    struct operand found = {address, recorded - 1, size, qemu_plugin_mem_is_store(info), 0};
    fwrite(&found, sizeof found, 1, operands);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    size_t count = qemu_plugin_tb_n_insns(block);
    if (!windows) {
        qemu_plugin_register_vcpu_tb_exec_cb(block, count_block, QEMU_PLUGIN_CB_NO_REGS, (void *)count);
        return;
    }
    pthread_mutex_lock(&translating);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *one = qemu_plugin_tb_get_insn(block, i);
        struct instruction found = {qemu_plugin_insn_vaddr(one), qemu_plugin_insn_size(one), {0}};
        uintptr_t bytes = qemu_plugin_insn_data(one, found.bytes, found.length);
        if (!copies_bytes)
            memcpy(found.bytes, (const void *)bytes, found.length);
        if (in_first_process && windows_done < windows)
            fwrite(&found, sizeof found, 1, code);
        qemu_plugin_register_vcpu_insn_exec_cb(one, record_instruction, QEMU_PLUGIN_CB_NO_REGS,
                                               (void *)(uintptr_t)translated++);
        qemu_plugin_register_vcpu_mem_cb(one, record_operand, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
    }
    pthread_mutex_unlock(&translating);
}

/* A child has its own copy of what is not yet written; it must have nothing to write. */
static void before_fork(void)
{
    if (windows && windows_done < windows)
        fflush(NULL);
}

static void leave_child(void)
{
    in_first_process = recording = false;
}

static void finish(qemu_plugin_id_t id, void *unused)
{
    (void)id, (void)unused;
    if (!in_first_process)
        return;
    recording = false;
    if (!windows)
        progress->complete = true;
    else if (windows_done < windows)
        finish_recording();
}

static FILE *created(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wbe");
    if (file)
        setvbuf(file, NULL, _IOFBF, 1 << 20);
    return file;
}

static bool share_progress(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/progress", folder);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof *progress))
        return false;
    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return progress != MAP_FAILED;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int count, char **arguments)
{
    const char *folder = ".";
    for (int i = 0; i < count; i++) {
        char *value = strchr(arguments[i], '=');
        if (!value)
            return -1;
        size_t length = value++ - arguments[i];
        if (!strncmp(arguments[i], "folder", length))
            folder = value;
        else if (!strncmp(arguments[i], "skip", length))
            next_start = strtoull(value, NULL, 10);
        else if (!strncmp(arguments[i], "windows", length) && length == strlen("windows"))
            windows = strtoull(value, NULL, 10);
        else if (!strncmp(arguments[i], "window", length))
            window = strtoull(value, NULL, 10);
        else if (!strncmp(arguments[i], "period", length))
            period = strtoull(value, NULL, 10);
    }
    next_stop = next_start + window;
    copies_bytes = info->version.cur >= FIRST_COPYING_VERSION;
    if (!share_progress(folder))
        return -1;
    if (windows) {
        instructions = created(folder, "instructions");
        operands = created(folder, "operands");
        code = created(folder, "code");
        if (!instructions || !operands || !code)
            return -1;
    }
    pthread_atfork(before_fork, NULL, leave_child);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
