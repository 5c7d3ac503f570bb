/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PIN: windows of the process's own memory. What a device does with them is tried by inferences.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver_test.h"

#define NOBODY 65534
#define PINNED_FILE 20

static const int rights_of_all = PROT_READ | PROT_WRITE;

static int pin(int file, const void *memory, harness_u64 size_bytes, harness_u64 flags,
               harness_u64 *window)
{
    struct harness_pin request = {(harness_u64)(size_t)memory, size_bytes, flags, ~0ULL};
    const int error = call(file, HARNESS_IOC_PIN, &request);
    *window = request.window;
    return error;
}

static int pin_error(int file, const void *memory, harness_u64 size_bytes, harness_u64 flags)
{
    harness_u64 window;
    return pin(file, memory, size_bytes, flags, &window);
}

static unsigned char *pages(size_t count, int rights)
{
    void *memory = mmap(NULL, count * PAGE, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return memory;
}

/* The number behind a word in a file of /proc; -1 if it is not there. */
static long number_of(const char *path, const char *word)
{
    char line[256];
    long number = -1;
    FILE *file = fopen(path, "r");

    while (file && number < 0 && fgets(line, sizeof line, file))
        if (!strncmp(line, word, strlen(word)))
            number = atol(line + strlen(word));
    if (file)
        fclose(file);
    return number;
}

static long pinned_kib(void) { return number_of("/proc/self/status", "VmPin:"); }

/* Pages that are pinned in the whole system. Each CPU keeps its last few until it is asked. */
static long pinned_pages(void)
{
    const int refresh = open("/proc/sys/vm/stat_refresh", O_WRONLY);

    if (refresh >= 0) {
        if (write(refresh, "1", 1) < 0)
            perror("stat_refresh");
        close(refresh);
    }
    return number_of("/proc/vmstat", "nr_foll_pin_acquired ") -
           number_of("/proc/vmstat", "nr_foll_pin_released ");
}

static struct harness_counters counters_of(int file)
{
    struct harness_counters counters = {0};
    call(file, HARNESS_IOC_COUNTERS, &counters);
    return counters;
}

static void test_pin_checks_its_arguments(int file)
{
    unsigned char *memory = pages(2, rights_of_all);
    const harness_u64 failed = counters_of(file).failed_pins;

    equal("PIN of nothing is EINVAL", pin_error(file, memory, 0, 0), EINVAL);
    equal("PIN of half a page is EINVAL", pin_error(file, memory, PAGE / 2, 0), EINVAL);
    equal("PIN from the middle of a page is EINVAL", pin_error(file, memory + 64, PAGE, 0),
          EINVAL);
    equal("PIN with unknown flags is EINVAL",
          pin_error(file, memory, PAGE, HARNESS_WINDOW_PAGE_LIST), EINVAL);
    equal("PIN of too much is EINVAL", pin_error(file, memory, HARNESS_LARGEST_PIN + PAGE, 0),
          EINVAL);
    equal("PIN of everything is EINVAL", pin_error(file, memory, ~0ULL & ~(PAGE - 1), 0), EINVAL);
    equal("PIN around the end of addresses is EINVAL",
          pin_error(file, (void *)~(PAGE - 1), 2 * PAGE, 0), EINVAL);
    munmap(memory + PAGE, PAGE);
    equal("PIN beyond a mapping's end is EFAULT",
          pin_error(file, memory, 2 * PAGE, HARNESS_WINDOW_WRITABLE), EFAULT);
    munmap(memory, PAGE);
    equal("PIN of nobody's memory is EFAULT", pin_error(file, memory, PAGE, 0), EFAULT);
    equal("refused PINs are counted", (long)(counters_of(file).failed_pins - failed), 9);
}

static void test_rights(int file)
{
    unsigned char *constant = pages(1, PROT_READ), *none = pages(1, PROT_NONE);
    void *registers, *window;

    if (!on_linux())
        return;
    registers = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, HARNESS_MAP_REGISTERS(0));
    window = mmap(NULL, PAGE, rights_of_all, MAP_SHARED, file, HARNESS_MAP_WINDOW(0));
    equal("PIN for writing of memory that may only be read is EFAULT",
          pin_error(file, constant, PAGE, HARNESS_WINDOW_WRITABLE), EFAULT);
    equal("PIN for reading of it works", pin_error(file, constant, PAGE, 0), 0);
    equal("PIN of memory without rights is EFAULT", pin_error(file, none, PAGE, 0), EFAULT);
    equal("PIN of device registers is EFAULT", pin_error(file, registers, PAGE, 0), EFAULT);
    equal("PIN of the driver's own memory is EFAULT", pin_error(file, window, PAGE, 0), EFAULT);
    equal("PIN of a kernel's address is EFAULT",
          pin_error(file, (void *)~(2 * PAGE - 1), PAGE, 0), EFAULT);
    munmap(registers, PAGE); /* a mapping keeps its file open */
    munmap(window, PAGE);
}

/* FILE finds the pages as the device does: by the list. Who runs this test looks into the file. */
static void test_bytes_come_from_every_page(int file)
{
    const size_t offset = PAGE - 50, count = 3 * PAGE + 100;
    struct harness_file request = {PINNED_FILE, 0, offset, 0, count};
    unsigned char *own = pages(5, rights_of_all);
    harness_u64 pinned, block;

    equal("PIN of pages that were never touched works",
          pin(file, own, 5 * PAGE, HARNESS_WINDOW_WRITABLE, &pinned), 0);
    equal("ALLOCATE works beside it", allocate(file, PAGE, 0, &block), 0);
    equal("windows of both kinds are numbered in one sequence", (long)block, (long)pinned + 1);
    for (size_t i = 0; i < count; ++i)
        own[offset + i] = (unsigned char)(i / PAGE + i);
    request.window = pinned;
    equal("FILE writes from pinned memory", call(file, HARNESS_IOC_FILE, &request), 0);
    equal("all of it", (long)request.count, (long)count);
    request.window_offset = 2 * PAGE + 1;
    equal("FILE past a pinned window's end is EINVAL", call(file, HARNESS_IOC_FILE, &request),
          EINVAL);
    equal("a pinned window cannot be mapped",
          map_error(file, HARNESS_MAP_WINDOW(pinned), PAGE, PROT_READ, MAP_SHARED), EINVAL);
    request.window_offset = offset;
    if (on_linux()) {
        munmap(own, 5 * PAGE);
        equal("pages stay when their process unmaps them", call(file, HARNESS_IOC_FILE, &request),
              0);
    }
}

static void test_pages_are_counted(void)
{
    const long before = pinned_pages();
    const int file = open_device(O_RDWR);
    unsigned char *memory = pages(7, rights_of_all);
    struct harness_counters counters;

    equal("PIN of seven pages works",
          pin_error(file, memory, 7 * PAGE, HARNESS_WINDOW_WRITABLE), 0);
    equal("PIN of the same page again works", pin_error(file, memory, PAGE, 0), 0);
    counters = counters_of(file);
    equal("pins are counted", (long)counters.pins, 2);
    equal("their pages are counted", (long)counters.pinned_pages, 8);
    if (on_linux()) {
        equal("Linux counts them for the process", pinned_kib(), 8 * (long)PAGE / 1024);
        equal("and for the system", pinned_pages() - before, 8);
    }
    close(file);
    if (on_linux()) {
        equal("a close unpins for the process", pinned_kib(), 0);
        equal("and for the system", pinned_pages() - before, 0);
    }
    munmap(memory, 7 * PAGE);
}

static void test_windows_are_limited(void)
{
    const long before = pinned_pages();
    const int file = open_device(O_RDWR);
    unsigned char *memory = pages(1, rights_of_all);
    harness_u64 window = 0;

    for (int i = 0; i < HARNESS_MAXIMUM_WINDOWS; ++i)
        if (pin(file, memory, PAGE, 0, &window))
            break;
    equal("all windows may be pinned", (long)window, HARNESS_MAXIMUM_WINDOWS - 1);
    equal("a 17th PIN is ENOSPC", pin_error(file, memory, PAGE, 0), ENOSPC);
    equal("ALLOCATE is ENOSPC then as well", allocate(file, PAGE, 0, &window), ENOSPC);
    if (on_linux())
        equal("what was refused is not pinned", pinned_pages() - before, HARNESS_MAXIMUM_WINDOWS);
    close(file);
}

/* In a process of its own, which exits with the number of what it found wrong. */
static int exit_status(int (*run)(void))
{
    int status = -1;
    const pid_t child = fork();

    if (!child)
        _exit(run());
    waitpid(child, &status, 0);
    return status;
}

static int pin_more_than_allowed(void)
{
    const int file = open_device(O_RDWR);
    const struct rlimit two_pages = {2 * PAGE, 2 * PAGE};
    unsigned char *memory = pages(3, rights_of_all);

    if (file < 0 || setrlimit(RLIMIT_MEMLOCK, &two_pages) || setuid(NOBODY))
        return 1;
    if (pin_error(file, memory, 3 * PAGE, 0) != ENOMEM)
        return 2;
    if (pin_error(file, memory, 2 * PAGE, 0))
        return 3;
    if (pin_error(file, memory, PAGE, 0) != ENOMEM)
        return 4;
    if (counters_of(file).failed_pins != 2 || counters_of(file).pins != 1)
        return 5;
    return pinned_kib() == 2 * (long)PAGE / 1024 ? 0 : 6;
}

static int pin_and_die(void)
{
    const int file = open_device(O_RDWR);

    if (file < 0 || pin_error(file, pages(9, rights_of_all), 9 * PAGE, HARNESS_WINDOW_WRITABLE))
        return 1;
    return raise(SIGKILL);
}

static void test_processes(void)
{
    const long before = pinned_pages();
    int status, file;

    if (!on_linux())
        return;
    status = exit_status(pin_more_than_allowed);
    equal("PIN beyond RLIMIT_MEMLOCK is ENOMEM, and counted", WEXITSTATUS(status), 0);
    status = exit_status(pin_and_die);
    equal("a process dies with pinned memory", WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGKILL);
    equal("its pages are unpinned", pinned_pages() - before, 0);
    file = open_device(O_RDWR);
    check(file >= 0, "the device opens again after that", errno, 0);
    close(file);
    file = open_device(O_RDONLY);
    equal("PIN on a read-only file is EBADF",
          pin_error(file, pages(1, rights_of_all), PAGE, 0), EBADF);
    close(file);
}

void test_pinned_memory(void)
{
    const int file = open_device(O_RDWR);
    harness_u64 window;

    check(file >= 0, "the device opens for pinning", errno, 0);
    equal("ALLOCATE of window 0 works", allocate(file, PAGE, 0, &window), 0);
    test_pin_checks_its_arguments(file);
    test_rights(file);
    test_bytes_come_from_every_page(file);
    close(file);
    test_pages_are_counted();
    test_windows_are_limited();
    test_processes();
}
