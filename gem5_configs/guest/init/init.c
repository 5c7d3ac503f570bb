/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first and only process that the guest's kernel starts.
 *
 * It mounts what a program expects, loads the driver, and says "checkpoint". Nothing of a run is in
 * the guest by then, so that one checkpoint serves all workloads. Whoever restores it finds init
 * behind the mark: it mounts the run's disk, starts the runtime from there with the arguments that
 * lie beside it, and hands its status to the simulator.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_device.h"

#define DEVICE "/dev/harness"
#define MODULE "/harness.ko"

/* The run's disk, and what it must hold; the runtime finds the rest in its folder. */
#define DISK_DEVICE "/dev/sda"
#define DISK_TYPE "ext2"
#define DISK "/disk"
#define RUNTIME "./runtime"
#define ARGUMENTS "arguments"
#define MAXIMUM_ARGUMENTS 64

#define STATUS_INIT_FAILED 250  /* differs from all statuses of the runtime */
#define STATUS_CANNOT_START 127 /* as a shell has it */
#define STATUS_SIGNAL 128       /* and the signal's number */

static int marker = -1; /* the device, open for marks only */

static void mark(harness_u64 code, harness_u64 argument) {
    struct harness_mark request = {.code = code, .argument = argument};

    if (marker >= 0 && ioctl(marker, HARNESS_IOC_MARK, &request) != 0)
        fprintf(stderr, "harness init: mark %llu: %s\n", (unsigned long long)code, strerror(errno));
}

/* gem5's own instruction "fail": for a guest that has no bridge to speak through. On a processor
 * that does not know it, the kernel kills init and panics, which ends the run as well.
 */
static void leave_simulation(harness_u64 status) {
#ifdef __x86_64__
    __asm__ volatile(".byte 0x0f, 0x04\n\t.word 0x22" : : "D"(0ull), "S"(status) : "rax", "memory");
#else
    (void)status;
#endif
}

static void rest(void) {
    for (;;) pause();
}

static void fail(const char* format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void fail(const char* format, ...) {
    const char* reason = strerror(errno);
    va_list arguments;

    fputs("harness init: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, ": %s\n", reason);
    mark(HARNESS_MARK_EXIT, STATUS_INIT_FAILED);
    if (marker < 0) leave_simulation(STATUS_INIT_FAILED);
    rest();
    abort();
}

static void mount_on(const char* directory, const char* type) {
    if (mkdir(directory, 0755) != 0 && errno != EEXIST) fail("mkdir %s", directory);
    if (mount(type, directory, type, 0, NULL) != 0) fail("mount %s", directory);
}

static void load_driver(void) {
    int file = open(MODULE, O_RDONLY | O_CLOEXEC);

    if (file < 0) fail("open %s", MODULE);
    if (syscall(SYS_finit_module, file, "", 0) != 0) fail("load %s", MODULE);
    close(file);
}

static void open_marker(void) {
    marker = open(DEVICE, O_RDONLY | O_CLOEXEC);
    if (marker < 0) fail("open %s (is there a bridge on the board?)", DEVICE);
}

/* Nothing of the disk has been read before, so nothing of another run's is remembered. */
static void mount_disk(void) {
    if (mkdir(DISK, 0755) != 0 && errno != EEXIST) fail("mkdir %s", DISK);
    if (mount(DISK_DEVICE, DISK, DISK_TYPE, MS_RDONLY, NULL) != 0)
        fail("mount %s (is there a disk with a run on the board?)", DISK_DEVICE);
    if (chdir(DISK) != 0) fail("chdir %s", DISK);
}

/* A file that ends with a null byte behind its own. */
static char* read_text(const char* path) {
    struct stat status;
    size_t size_bytes, done = 0;
    char* text;
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0 || fstat(file, &status) != 0) fail("open %s/%s", DISK, path);
    size_bytes = (size_t)status.st_size;
    text = calloc(1, size_bytes + 1);
    if (text == NULL) fail("keep the arguments");
    while (done < size_bytes) {
        ssize_t count = read(file, text + done, size_bytes - done);

        if (count <= 0) fail("read %s/%s", DISK, path);
        done += (size_t)count;
    }
    close(file);
    return text;
}

/* One argument per line; the last line may lack its end. */
static void read_arguments(char* words[MAXIMUM_ARGUMENTS + 2]) {
    char* rest_of_text = read_text(ARGUMENTS);
    unsigned int words_count = 0;

    words[words_count++] = RUNTIME;
    while (rest_of_text != NULL && *rest_of_text != '\0') {
        if (words_count > MAXIMUM_ARGUMENTS) {
            errno = E2BIG;
            fail("more than %d arguments", MAXIMUM_ARGUMENTS);
        }
        words[words_count++] = strsep(&rest_of_text, "\n");
    }
    words[words_count] = NULL;
}

static int status_of(int wait_status) {
    if (WIFSIGNALED(wait_status)) {
        fprintf(stderr, "harness init: the runtime was ended by signal %d\n",
                WTERMSIG(wait_status));
        return STATUS_SIGNAL + WTERMSIG(wait_status);
    }
    return WEXITSTATUS(wait_status);
}

static int run_runtime(char* words[]) {
    pid_t child = fork();
    int wait_status;

    if (child < 0) fail("fork");
    if (child == 0) {
        execv(RUNTIME, words);
        fprintf(stderr, "harness init: start %s: %s\n", RUNTIME, strerror(errno));
        _exit(STATUS_CANNOT_START);
    }
    for (;;) { /* init inherits the orphans of others, too */
        pid_t ended = wait(&wait_status);

        if (ended == child) return status_of(wait_status);
        if (ended < 0 && errno != EINTR) fail("wait for the runtime");
    }
}

int main(void) {
    char* words[MAXIMUM_ARGUMENTS + 2];

    mount_on("/proc", "proc");
    mount_on("/sys", "sysfs");
    mount_on("/dev", "devtmpfs");
    mount_on("/tmp", "tmpfs");
    load_driver();
    open_marker();
    puts("harness guest is up");
    fflush(stdout);
    mark(HARNESS_MARK_CHECKPOINT, 0);

    mount_disk();
    read_arguments(words);
    mark(HARNESS_MARK_EXIT, (harness_u64)run_runtime(words));
    rest();
    return 0;
}
