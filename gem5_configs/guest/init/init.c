/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first and only process that the guest's kernel starts.
 *
 * It mounts what a program expects, loads the driver, and says "checkpoint". Nothing of a run is in
 * the guest by then, so that one checkpoint serves all workloads. Whoever restores it finds init
 * behind the mark: it fetches the runtime and its arguments from the bridge, runs it, and hands its
 * status to the simulator.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_device.h"

#define DEVICE "/dev/harness"
#define MODULE "/harness.ko"
#define RUNTIME "/tmp/runtime"

#define WINDOW_BYTES (1u << 20) /* files come through a window of this size, piece by piece */
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

/* One window through which files of the run are read. */
struct reader {
    int device;
    harness_u64 window;
    char* memory;
};

static struct reader open_reader(void) {
    struct harness_allocate request = {.size_bytes = WINDOW_BYTES};
    struct reader reader;

    reader.device = open(DEVICE, O_RDWR | O_CLOEXEC);
    if (reader.device < 0) fail("open %s", DEVICE);
    if (ioctl(reader.device, HARNESS_IOC_ALLOCATE, &request) != 0)
        fail("allocate a window of %u bytes", WINDOW_BYTES);
    reader.window = request.window;
    reader.memory = mmap(NULL, WINDOW_BYTES, PROT_READ, MAP_SHARED, reader.device,
                         (off_t)HARNESS_MAP_WINDOW(request.window));
    if (reader.memory == MAP_FAILED) fail("map the window");
    return reader;
}

static void close_reader(struct reader* reader) {
    munmap(reader->memory, WINDOW_BYTES);
    close(reader->device); /* the driver frees the window */
}

/* The next bytes of a file into the window; returns how many, 0 at its end. */
static size_t read_piece(struct reader* reader, harness_u64 number, harness_u64 offset) {
    struct harness_file request = {
        .number = number,
        .operation = HARNESS_FILE_READ,
        .window = reader->window,
        .file_offset = offset,
        .count = WINDOW_BYTES,
    };

    if (ioctl(reader->device, HARNESS_IOC_FILE, &request) != 0)
        fail("read file %llu of the run", (unsigned long long)number);
    return request.count;
}

static void write_all(int file, const char* bytes, size_t size_bytes) {
    while (size_bytes > 0) {
        ssize_t written = write(file, bytes, size_bytes);

        if (written < 0) fail("write %s", RUNTIME);
        bytes += written;
        size_bytes -= (size_t)written;
    }
}

static void fetch_runtime(struct reader* reader) {
    int file = open(RUNTIME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    harness_u64 offset = 0;
    size_t count;

    if (file < 0) fail("create %s", RUNTIME);
    while ((count = read_piece(reader, HARNESS_FILE_RUNTIME, offset)) > 0) {
        write_all(file, reader->memory, count);
        offset += count;
    }
    if (close(file) != 0) fail("write %s", RUNTIME);
}

/* One argument per line; the last line may lack its end. */
static void fetch_arguments(struct reader* reader, char* words[MAXIMUM_ARGUMENTS + 2]) {
    size_t count = read_piece(reader, HARNESS_FILE_ARGUMENTS, 0);
    char* text = strndup(reader->memory, count);
    char* rest_of_text = text;
    unsigned int words_count = 0;

    if (text == NULL) fail("keep the arguments");
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
    struct reader reader;

    mount_on("/proc", "proc");
    mount_on("/sys", "sysfs");
    mount_on("/dev", "devtmpfs");
    mount_on("/tmp", "tmpfs");
    load_driver();
    open_marker();
    puts("harness guest is up");
    fflush(stdout);
    mark(HARNESS_MARK_CHECKPOINT, 0);

    reader = open_reader();
    fetch_runtime(&reader);
    fetch_arguments(&reader, words);
    close_reader(&reader);
    mark(HARNESS_MARK_EXIT, (harness_u64)run_runtime(words));
    rest();
    return 0;
}
