/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What /dev/harness must answer, asked by a program in the guest: the Linux driver in a full
 * system, the emulated driver in syscall emulation. Prints one line per check; its status is 0 if
 * all passed.
 *
 * It runs in the runtime's place, with any model or none: it submits no valid command. Arguments
 * are ignored but --emulated; syscall emulation is also known by the host name that gem5 gives.
 * Checks under on_linux() ask for what syscall emulation does not have: protection of pages,
 * signals, timers, EFAULT.
 *
 * Build: cc -O2 -static -I gem5_configs/guest/abi tests/gem5/guest/driver_test.c \
 *            tests/gem5/guest/pin_test.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "driver_test.h"

#define DEVICE "/dev/harness"

static bool is_emulated;
static int passed, failed;

void check(bool is_right, const char *what, long got, long expected)
{
    if (is_right) {
        ++passed;
        printf("PASS %s\n", what);
    } else {
        ++failed;
        printf("FAIL %s: got %ld, expected %ld\n", what, got, expected);
    }
}

void equal(const char *what, long got, long expected)
{
    check(got == expected, what, got, expected);
}

bool on_linux(void) { return !is_emulated; }

int open_device(int flags) { return open(DEVICE, flags | O_CLOEXEC); }

/* 0, or the error's number. */
int call(int file, unsigned long request, void *argument)
{
    return ioctl(file, request, argument) < 0 ? errno : 0;
}

int allocate(int file, harness_u64 size_bytes, harness_u64 flags, harness_u64 *window)
{
    struct harness_allocate request = {size_bytes, flags, ~0ULL};
    const int error = call(file, HARNESS_IOC_ALLOCATE, &request);
    *window = request.window;
    return error;
}

static int submit(int file, harness_u64 instance, harness_u64 size_bytes, harness_u64 interrupts)
{
    static const char descriptor[HARNESS_SLOT_BYTES];
    struct harness_submit request = {instance, (harness_u64)(size_t)descriptor, size_bytes,
                                     interrupts, 0};
    return call(file, HARNESS_IOC_SUBMIT, &request);
}

static int wait_for(int file, harness_u64 instance, harness_u64 count, harness_u64 timeout_us)
{
    struct harness_wait request = {instance, count, timeout_us, 0};
    return call(file, HARNESS_IOC_WAIT, &request);
}

/* 0 and the mapping, or the error's number. */
static int map(int file, harness_u64 offset, size_t size_bytes, int rights, int kind, void **place)
{
    *place = mmap(NULL, size_bytes, rights, kind, file, (off_t)offset);
    return *place == MAP_FAILED ? errno : 0;
}

/* The error's number of a mapping that should not be possible. */
int map_error(int file, harness_u64 offset, size_t size_bytes, int rights, int kind)
{
    void *place;
    const int error = map(file, offset, size_bytes, rights, kind, &place);
    if (!error)
        munmap(place, size_bytes);
    return error;
}

static struct harness_info info_of(int file)
{
    struct harness_info info = {0};
    equal("INFO is answered", call(file, HARNESS_IOC_INFO, &info), 0);
    return info;
}

static void test_one_file_works_and_others_look_on(void)
{
    const int file = open_device(O_RDWR);
    struct harness_mark step = {HARNESS_MARK_STEP, 1};
    harness_u64 window;
    int second;

    check(file >= 0, "the device opens", errno, 0);
    second = open_device(O_RDWR);
    equal("a second open for writing is EBUSY", second < 0 ? errno : 0, EBUSY);
    if (on_linux()) {
        second = open_device(O_RDONLY);
        check(second >= 0, "an open for reading is let in", errno, 0);
        info_of(second);
        equal("MARK works on a read-only file", call(second, HARNESS_IOC_MARK, &step), 0);
        equal("ALLOCATE on a read-only file is EBADF", allocate(second, PAGE, 0, &window), EBADF);
        equal("RESET on a read-only file is EBADF", call(second, HARNESS_IOC_RESET, NULL), EBADF);
        equal("mmap of a read-only file is EACCES",
              map_error(second, HARNESS_MAP_REGISTERS(0), PAGE, PROT_READ, MAP_SHARED), EACCES);
        close(second);
    }
    close(file);
}

static void test_windows_are_numbered_anew_in_each_file(void)
{
    for (int round = 0; round < 2; ++round) {
        const int file = open_device(O_RDWR);
        harness_u64 window = 99;

        check(file >= 0, "the device opens again after it was closed", errno, 0);
        equal("ALLOCATE works", allocate(file, PAGE, HARNESS_WINDOW_WRITABLE, &window), 0);
        equal("the first window has number 0", (long)window, 0);
        equal("ALLOCATE works twice", allocate(file, PAGE, 0, &window), 0);
        equal("the second window has number 1", (long)window, 1);
        close(file);
    }
}

static void test_info(int file)
{
    const struct harness_info info = info_of(file);

    equal("the version is the header's", (long)info.version, HARNESS_ABI_VERSION);
    check(info.instances >= 1 && info.instances <= HARNESS_MAXIMUM_INSTANCES,
          "the number of accelerators is possible", (long)info.instances, 1);
    check(info.ring_slots >= 1 && info.ring_slots <= 64 &&
              (info.ring_slots & (info.ring_slots - 1)) == 0,
          "the ring's slots are a power of two up to 64", (long)info.ring_slots, 16);
    check((info.flags & ~(harness_u64)(HARNESS_FLAG_COHERENT | HARNESS_FLAG_PAGE_LISTS)) == 0,
          "no unknown flags", (long)info.flags, 0);
}

static void test_unknown_calls_are_refused(int file)
{
    char argument[64] = {0};

    equal("an unknown number is ENOTTY", call(file, _IO('H', 99), argument), ENOTTY);
    equal("an unknown type is ENOTTY", call(file, _IO('Z', 1), argument), ENOTTY);
    equal("another size is ENOTTY", call(file, _IOR('H', 1, char[8]), argument), ENOTTY);
    equal("another direction is ENOTTY", call(file, _IOW('H', 1, struct harness_info), argument),
          ENOTTY);
}

static void test_bad_pointers_are_refused(int file)
{
    static const struct harness_wait constant = {0, 0, 0, 0}; /* cannot be written back */
    struct harness_submit request = {0, 8, 64, 0, 0};
    void *bad = (void *)8;

    if (is_emulated)
        return;
    equal("INFO to nowhere is EFAULT", call(file, HARNESS_IOC_INFO, bad), EFAULT);
    equal("ALLOCATE from nowhere is EFAULT", call(file, HARNESS_IOC_ALLOCATE, bad), EFAULT);
    equal("FILE from nowhere is EFAULT", call(file, HARNESS_IOC_FILE, bad), EFAULT);
    equal("MARK from nowhere is EFAULT", call(file, HARNESS_IOC_MARK, bad), EFAULT);
    equal("COUNTERS to nowhere is EFAULT", call(file, HARNESS_IOC_COUNTERS, bad), EFAULT);
    equal("a result to constant memory is EFAULT",
          call(file, HARNESS_IOC_WAIT, (void *)&constant), EFAULT);
    equal("RESET works", call(file, HARNESS_IOC_RESET, NULL), 0);
    equal("a descriptor from nowhere is EFAULT", call(file, HARNESS_IOC_SUBMIT, &request), EFAULT);
}

static void test_allocate_checks_its_arguments(int file)
{
    harness_u64 window;

    equal("ALLOCATE of nothing is EINVAL", allocate(file, 0, 0, &window), EINVAL);
    equal("ALLOCATE of half a page is EINVAL", allocate(file, PAGE / 2, 0, &window), EINVAL);
    equal("ALLOCATE with unknown flags is EINVAL", allocate(file, PAGE, 2, &window), EINVAL);
    equal("ALLOCATE beyond a window's largest size is EINVAL",
          allocate(file, (1ULL << 40) + PAGE, 0, &window), EINVAL);
    equal("ALLOCATE of everything is EINVAL", allocate(file, ~0ULL & ~(PAGE - 1), 0, &window),
          EINVAL);
    if (on_linux())
        equal("ALLOCATE beyond the memory is ENOMEM", allocate(file, 1ULL << 39, 0, &window),
              ENOMEM);
}

static bool holds(const volatile unsigned char *bytes, size_t count, unsigned char value)
{
    for (size_t i = 0; i < count; ++i)
        if (bytes[i] != value)
            return false;
    return true;
}

static void test_window_memory(int file, harness_u64 window, size_t size_bytes)
{
    void *place, *tail;

    equal("a window is mapped",
          map(file, HARNESS_MAP_WINDOW(window), size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
              &place),
          0);
    if (place == MAP_FAILED)
        return;
    check(holds(place, size_bytes, 0), "a window's memory is zero", 1, 0);
    memset(place, 0x5a, size_bytes);
    check(holds(place, size_bytes, 0x5a), "a window keeps what is written", 1, 0);
    if (on_linux()) {
        equal("a window's last page is mapped alone",
              map(file, HARNESS_MAP_WINDOW(window) + size_bytes - PAGE, PAGE,
                  PROT_READ | PROT_WRITE, MAP_SHARED, &tail),
              0);
        if (tail != MAP_FAILED) {
            *(volatile unsigned char *)tail = 0x11;
            /* gem5's O3 forwards stores by virtual address: let this one reach the cache. */
            __sync_synchronize();
            equal("both mappings are the same memory",
                  ((unsigned char *)place)[size_bytes - PAGE], 0x11);
            munmap(tail, PAGE);
        }
        equal("a private mapping is EINVAL",
              map_error(file, HARNESS_MAP_WINDOW(window), PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE),
              EINVAL);
    }
    munmap(place, size_bytes);
}

static void test_mappings_stay_inside(int file, size_t size_bytes)
{
    const struct harness_info info = info_of(file);
    const size_t ring_bytes = info.ring_slots * HARNESS_SLOT_BYTES;

    equal("more than the window is EINVAL",
          map_error(file, HARNESS_MAP_WINDOW(0), size_bytes + PAGE, PROT_READ, MAP_SHARED), EINVAL);
    equal("past the window's end is EINVAL",
          map_error(file, HARNESS_MAP_WINDOW(0) + size_bytes, PAGE, PROT_READ, MAP_SHARED), EINVAL);
    equal("a window that was not allocated is EINVAL",
          map_error(file, HARNESS_MAP_WINDOW(1), PAGE, PROT_READ, MAP_SHARED), EINVAL);
    equal("window 16 is EINVAL",
          map_error(file, HARNESS_MAP_WINDOW(HARNESS_MAXIMUM_WINDOWS), PAGE, PROT_READ, MAP_SHARED),
          EINVAL);
    equal("registers of no accelerator are EINVAL",
          map_error(file, HARNESS_MAP_REGISTERS(info.instances + 1), PAGE, PROT_READ, MAP_SHARED),
          EINVAL);
    equal("two pages of registers are EINVAL",
          map_error(file, HARNESS_MAP_REGISTERS(0), 2 * PAGE, PROT_READ, MAP_SHARED), EINVAL);
    equal("registers past the page are EINVAL",
          map_error(file, HARNESS_MAP_REGISTERS(0) + PAGE, PAGE, PROT_READ, MAP_SHARED), EINVAL);
    equal("the ring of no accelerator is EINVAL",
          map_error(file, HARNESS_MAP_RING(info.instances), PAGE, PROT_READ, MAP_SHARED), EINVAL);
    equal("more than the ring is EINVAL",
          map_error(file, HARNESS_MAP_RING(0), ring_bytes + PAGE, PROT_READ, MAP_SHARED), EINVAL);
    equal("an unknown kind is EINVAL",
          map_error(file, 3ULL << 60, PAGE, PROT_READ, MAP_SHARED), EINVAL);
}

static void test_windows_are_limited(int file)
{
    harness_u64 window = 0;

    for (int i = 1; i < HARNESS_MAXIMUM_WINDOWS; ++i)
        if (allocate(file, PAGE, 0, &window))
            break;
    equal("there are 16 windows", (long)window, HARNESS_MAXIMUM_WINDOWS - 1);
    equal("a 17th window is ENOSPC", allocate(file, PAGE, 0, &window), ENOSPC);
}

static void test_registers(int file)
{
    volatile const harness_u64 *registers;
    harness_u64 first, second;
    void *place;

    equal("page 0 is mapped",
          map(file, HARNESS_MAP_REGISTERS(0), PAGE, PROT_READ, MAP_SHARED, &place), 0);
    if (place == MAP_FAILED)
        return;
    registers = place;
    check(registers[HARNESS_REG_MAGIC / 8] == HARNESS_MAGIC, "page 0 has the magic number",
          (long)registers[HARNESS_REG_MAGIC / 8], (long)HARNESS_MAGIC);
    first = registers[HARNESS_REG_TICK / 8];
    second = registers[HARNESS_REG_TICK / 8];
    check(second > first, "TICK grows", (long)second, (long)first + 1);
    if (on_linux()) {
        equal("page 0 cannot be made writable",
              mprotect(place, PAGE, PROT_READ | PROT_WRITE) ? errno : 0, EACCES);
        equal("page 0 cannot be mapped writable",
              map_error(file, HARNESS_MAP_REGISTERS(0), PAGE, PROT_READ | PROT_WRITE, MAP_SHARED),
              EACCES);
    }
    munmap(place, PAGE);
    equal("an accelerator's page is mapped",
          map(file, HARNESS_MAP_REGISTERS(1), PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, &place), 0);
    if (place == MAP_FAILED)
        return;
    registers = place;
    equal("an idle accelerator is not busy", (long)registers[HARNESS_REG_STATUS / 8], 0);
    equal("nothing has ended", (long)registers[HARNESS_REG_COMPLETED / 8], 0);
    munmap(place, PAGE);
}

static void test_file(int file, size_t size_bytes)
{
    struct harness_file write = {HARNESS_FILE_MESSAGES, 0, 0, 0, 64};
    struct harness_file wrong;

    wrong = write, wrong.window = HARNESS_MAXIMUM_WINDOWS;
    equal("FILE with a window that is not there is EINVAL", call(file, HARNESS_IOC_FILE, &wrong),
          EINVAL);
    wrong = write, wrong.window_offset = size_bytes - 63;
    equal("FILE past the window's end is EINVAL", call(file, HARNESS_IOC_FILE, &wrong), EINVAL);
    wrong = write, wrong.count = ~0ULL;
    equal("FILE of everything is EINVAL", call(file, HARNESS_IOC_FILE, &wrong), EINVAL);
    wrong = write, wrong.window_offset = ~0ULL - 31;
    equal("FILE around the end of numbers is EINVAL", call(file, HARNESS_IOC_FILE, &wrong), EINVAL);
}

static void test_submit_checks_its_arguments(int file)
{
    const harness_u64 instances = info_of(file).instances;

    equal("RESET works before commands", call(file, HARNESS_IOC_RESET, NULL), 0);
    equal("a command of no bytes is EINVAL", submit(file, 0, 0, 0), EINVAL);
    equal("a command of 32 bytes is EINVAL", submit(file, 0, 32, 0), EINVAL);
    equal("a command of 100 bytes is EINVAL", submit(file, 0, 100, 0), EINVAL);
    equal("a command larger than a slot is EINVAL",
          submit(file, 0, HARNESS_SLOT_BYTES + 64, 0), EINVAL);
    equal("a command to no accelerator is EINVAL", submit(file, instances, 64, 0), EINVAL);
    equal("a command to accelerator 2^63 is EINVAL", submit(file, 1ULL << 63, 64, 0), EINVAL);
    if (on_linux()) /* where it is not refused, it is a command that no model understands */
        equal("interrupts other than 0 and 1 are EINVAL", submit(file, 0, 64, 2), EINVAL);
}

static void test_the_two_ways_to_submit_exclude_each_other(int file)
{
    harness_u64 window;
    void *ring;

    if (is_emulated)
        return;
    equal("ALLOCATE works after RESET", allocate(file, PAGE, 0, &window), 0);
    equal("a command before the RESET after ALLOCATE is EINVAL", submit(file, 0, 64, 0), EINVAL);
    equal("a ring is mapped",
          map(file, HARNESS_MAP_RING(0), PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, &ring), 0);
    equal("RESET works again", call(file, HARNESS_IOC_RESET, NULL), 0);
    equal("SUBMIT to a ring that the process fills is EBUSY", submit(file, 0, 64, 0), EBUSY);
    if (ring != MAP_FAILED)
        munmap(ring, PAGE);
}

static void do_nothing(int number) { (void)number; }

static long microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static void test_wait(int file)
{
    const harness_u64 instances = info_of(file).instances;
    const struct itimerval soon = {{0, 0}, {0, 20000}};
    struct sigaction action = {.sa_handler = do_nothing};
    long start, took;

    equal("WAIT for nothing returns", wait_for(file, 0, 0, 0), 0);
    equal("WAIT for no accelerator is EINVAL", wait_for(file, instances, 0, 0), EINVAL);
    if (is_emulated)
        return;
    start = microseconds();
    equal("WAIT for a command that does not come is ETIMEDOUT", wait_for(file, 0, 1, 30000),
          ETIMEDOUT);
    took = microseconds() - start;
    check(took >= 30000, "it has waited that long", took, 30000);
    check(took < 1000000, "and not much longer", took, 30000);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    equal("a signal ends WAIT", wait_for(file, 0, 1, 10000000), EINTR);
    equal("the longest timeout is none that has passed", wait_for(file, 0, 0, ~0ULL), 0);
}

static void test_mark(int file)
{
    struct harness_mark none = {0, 0}, unknown = {7, 0}, step = {HARNESS_MARK_STEP, 3};

    equal("MARK 0 is EINVAL", call(file, HARNESS_IOC_MARK, &none), EINVAL);
    equal("MARK 7 is EINVAL", call(file, HARNESS_IOC_MARK, &unknown), EINVAL);
    equal("MARK of a step works", call(file, HARNESS_IOC_MARK, &step), 0);
}

static void test_counters(int file)
{
    struct harness_counters counters;

    equal("COUNTERS is answered", call(file, HARNESS_IOC_COUNTERS, &counters), 0);
    equal("no interrupt was lost", (long)counters.lost, 0);
    equal("no command was submitted", (long)counters.submits, 0);
    check(counters.waits >= 1, "waits are counted", (long)counters.waits, 1);
    if (on_linux())
        equal("two waits slept", (long)counters.sleeps, 2);
}

/* More in all than the guest's 64 MiB of contiguous memory, in pieces that come only from there. */
static void test_memory_comes_back_when_the_file_is_closed(void)
{
    int error = 0;

    if (is_emulated)
        return;
    for (int round = 0; round < 9 && !error; ++round) {
        const int file = open_device(O_RDWR);
        harness_u64 window;

        error = file < 0 ? errno : allocate(file, 8 << 20, 0, &window);
        close(file);
    }
    equal("8 MiB are there again and again", error, 0);
}

static void test_open_file(void)
{
    const size_t size_bytes = 5 * PAGE;
    const int file = open_device(O_RDWR);
    harness_u64 window = 99;

    check(file >= 0, "the device opens for the rest", errno, 0);
    test_info(file);
    test_unknown_calls_are_refused(file);
    test_bad_pointers_are_refused(file);
    test_allocate_checks_its_arguments(file);
    equal("ALLOCATE of five pages works",
          allocate(file, size_bytes, HARNESS_WINDOW_WRITABLE, &window), 0);
    test_window_memory(file, window, size_bytes);
    test_mappings_stay_inside(file, size_bytes);
    test_file(file, size_bytes);
    test_submit_checks_its_arguments(file);
    test_registers(file);
    test_wait(file);
    test_mark(file);
    test_counters(file);
    test_the_two_ways_to_submit_exclude_each_other(file);
    close(file);
}

static void test_full_table(void)
{
    const int file = open_device(O_RDWR);
    harness_u64 window;

    equal("the first of many windows", allocate(file, PAGE, 0, &window), 0);
    test_windows_are_limited(file);
    close(file);
}

int main(int count, char **arguments)
{
    struct utsname system;

    setvbuf(stdout, NULL, _IOLBF, 0);
    is_emulated = uname(&system) == 0 && strcmp(system.nodename, "sim.gem5.org") == 0;
    for (int i = 1; i < count; ++i)
        if (strcmp(arguments[i], "--emulated") == 0)
            is_emulated = true;
    test_one_file_works_and_others_look_on();
    test_windows_are_numbered_anew_in_each_file();
    test_open_file();
    test_full_table();
    test_pinned_memory();
    test_memory_comes_back_when_the_file_is_closed();
    printf("driver_test: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
