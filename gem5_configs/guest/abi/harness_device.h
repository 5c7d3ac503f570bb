/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What software sees of an accelerator bridge: registers, ioctls and mapping offsets.
 *
 * One header for the device (gem5 extension), the Linux driver, the syscall-emulation driver and the
 * guest runtime. All registers are 64 bits wide, little-endian, naturally aligned, and are accessed
 * whole. Page 0 is the bridge's own; page 1 + i belongs to accelerator i and may be mapped into a
 * process, which then submits without a system call.
 */
#ifndef HARNESS_DEVICE_H
#define HARNESS_DEVICE_H

#ifdef __KERNEL__
#include <linux/ioctl.h>
#include <linux/types.h>
#else
#include <stdint.h>
#include <sys/ioctl.h>
#endif

#ifdef __KERNEL__
typedef __u64 harness_u64;
typedef __u32 harness_u32;
#else
typedef uint64_t harness_u64;
typedef uint32_t harness_u32;
#endif

#define HARNESS_ABI_VERSION 3

/* PCI identity, made up: "HA" and "H1", not registered. */
#define HARNESS_PCI_VENDOR 0x4841
#define HARNESS_PCI_DEVICE 0x4831
#define HARNESS_PCI_CLASS 0x12 /* processing accelerators */

#define HARNESS_PAGE_BYTES 4096
#define HARNESS_MAXIMUM_INSTANCES 15
#define HARNESS_BAR_BYTES (16 * HARNESS_PAGE_BYTES)
#define HARNESS_MAXIMUM_WINDOWS 16

/* Page 0: the bridge. */
#define HARNESS_REG_MAGIC 0x00 /* RO: HARNESS_MAGIC */
#define HARNESS_REG_VERSION 0x08 /* RO: HARNESS_ABI_VERSION */
#define HARNESS_REG_INSTANCES 0x10 /* RO */
#define HARNESS_REG_FLAGS 0x18 /* RO: HARNESS_FLAG_* */
#define HARNESS_REG_WINDOW_SELECT 0x20 /* RW: window that the next four are about */
#define HARNESS_REG_WINDOW_BASE 0x28 /* RW: physical address of the block, or of the page list;
                                      * page aligned */
#define HARNESS_REG_WINDOW_BYTES 0x30 /* RW: 0 takes the window away */
#define HARNESS_REG_WINDOW_FLAGS 0x38 /* RW: HARNESS_WINDOW_* */
#define HARNESS_REG_RESET 0x40 /* WO: any value: forget all commands, tell the model its windows */
#define HARNESS_REG_CAUSE 0x48 /* R: bit i = accelerator i asks for attention; W: 1 clears.
                                * While an enabled cause stays set after a write, the interrupt is
                                * posted again. */
#define HARNESS_REG_INTERRUPT_ENABLE 0x50 /* RW: mask of CAUSE */
#define HARNESS_REG_TICK 0x58 /* RO: the simulated time in ticks (1 ps) at the read */
#define HARNESS_REG_MARK 0x60 /* WO: HARNESS_MARK_* in bits 0-7, argument above */
#define HARNESS_REG_FILE_NUMBER 0x68 /* RW: file of results that the next four are about */
#define HARNESS_REG_FILE_OFFSET 0x78 /* RW: first byte in the file */
#define HARNESS_REG_FILE_ADDRESS 0x80 /* RW: physical address */
#define HARNESS_REG_FILE_COUNT 0x88 /* RW: bytes to move; after FILE_GO the bytes that were moved */
#define HARNESS_REG_FILE_GO 0x90 /* WO: any value: from memory into the file; takes no time */

/* Page 1 + i: accelerator i. */
#define HARNESS_REG_RING_BASE 0x00 /* RW: physical address, page aligned */
#define HARNESS_REG_RING_SLOTS 0x08 /* RW: at most 64, a power of two */
#define HARNESS_REG_DOORBELL 0x10 /* WO: see HARNESS_DOORBELL */
#define HARNESS_REG_COMPLETED 0x18 /* RO: commands ended since the last reset */
#define HARNESS_REG_STATUS 0x20 /* RO: HARNESS_STATUS_* */

#define HARNESS_MAGIC 0x313053534e524148ULL /* "HARNSS01" */
#define HARNESS_FLAG_COHERENT 1 /* the device sees the CPUs' caches: no flushes are needed */
#define HARNESS_FLAG_PAGE_LISTS 2 /* the device has a TLB: windows may be page lists */
#define HARNESS_WINDOW_WRITABLE 1 /* the device may write */
#define HARNESS_WINDOW_PAGE_LIST 2 /* the window is no block: BASE is where its page list lies */
#define HARNESS_STATUS_BUSY 1
#define HARNESS_STATUS_ERROR 2 /* the bridge stopped: nothing will complete any more */

/* A page list has 8 bytes for each page of the window, in order, in consecutive memory: the page's
 * physical address, and HARNESS_PAGE_PRESENT. An access to a page without it ends as one that
 * memory refuses. The device keeps translations until the window's registers are written, or until
 * RESET; a list must not change meanwhile. */
#define HARNESS_PAGE_PRESENT 1
#define HARNESS_LARGEST_PIN (1ULL << 30) /* bytes of one page-list window: a list of 2 MiB */

/* Command number `count` (the first one has 1) lies in slot (count - 1) % slots, is `size` bytes
 * long (a multiple of 64), and interrupts when it has ended if `interrupts` is not 0. */
#define HARNESS_SLOT_BYTES 4096
#define HARNESS_DOORBELL(count, size, interrupts) \
    (((harness_u64)(count)&0xffffffffu) | ((harness_u64)(size) / 64) << 32 | \
     ((harness_u64)((interrupts) != 0)) << 63)

#define HARNESS_MARK_CHECKPOINT 1 /* the guest has booted and waits for its work */
#define HARNESS_MARK_READY 2 /* program and weights are loaded */
#define HARNESS_MARK_BEGIN 3 /* inference `argument` begins */
#define HARNESS_MARK_END 4 /* inference `argument` has ended */
#define HARNESS_MARK_EXIT 5 /* the runtime's exit status is `argument` */
#define HARNESS_MARK_STEP 6 /* the dispatching thread reached step `argument` (progress) */

/* Files of results, which the guest writes. What it reads of a run comes from a disk. */
#define HARNESS_FILE_OUTPUTS 16 /* output buffers as stored, back to back */
#define HARNESS_FILE_EVENTS 17 /* event log: struct harness_event */
#define HARNESS_FILE_REPORT 18 /* counters, as JSON */
#define HARNESS_FILE_MESSAGES 19 /* error text */

/* ioctls of /dev/harness. */
struct harness_info {
    harness_u64 version;
    harness_u64 instances;
    harness_u64 flags; /* HARNESS_FLAG_* */
    harness_u64 ring_slots;
};
struct harness_allocate { /* physically contiguous, zeroed */
    harness_u64 size_bytes; /* in: a multiple of the page size */
    harness_u64 flags; /* in: HARNESS_WINDOW_* */
    harness_u64 window; /* out: 0, 1, ... in the order of the calls */
};
struct harness_pin { /* memory of the process's own, which stays where it is until close */
    harness_u64 address; /* in: page aligned, mapped with the rights that the device gets */
    harness_u64 size_bytes; /* in: a multiple of the page size, at most HARNESS_LARGEST_PIN */
    harness_u64 flags; /* in: HARNESS_WINDOW_WRITABLE or 0 */
    harness_u64 window; /* out: as ALLOCATE's, in one sequence with it */
};
struct harness_submit {
    harness_u64 instance;
    harness_u64 descriptor; /* user address */
    harness_u64 size_bytes;
    harness_u64 interrupts; /* 1: interrupt when it has ended */
    harness_u64 count; /* out: the command's number */
};
struct harness_wait {
    harness_u64 instance;
    harness_u64 count; /* in: sleep until COMPLETED reaches this */
    harness_u64 timeout_us; /* in: 0 means no limit; error ETIMEDOUT */
    harness_u64 completed; /* out */
};
struct harness_file { /* from a window into a file of results */
    harness_u64 number; /* HARNESS_FILE_*; others are written too, as "guest_file_NUMBER.bin" */
    harness_u64 window;
    harness_u64 window_offset;
    harness_u64 file_offset;
    harness_u64 count; /* in: bytes to move, out: bytes moved */
};
struct harness_mark {
    harness_u64 code;
    harness_u64 argument;
};
struct harness_counters {
    harness_u64 interrupts; /* handler calls */
    harness_u64 spurious; /* handler calls without a cause */
    harness_u64 lost; /* waits that ended by the timer although the work had ended: must be 0 */
    harness_u64 waits;
    harness_u64 sleeps; /* waits that had to sleep */
    harness_u64 submits; /* by ioctl */
    harness_u64 pins; /* windows of pinned memory that are there now */
    harness_u64 pinned_pages; /* pages of them */
    harness_u64 failed_pins; /* PINs that were refused, for whatever reason */
};
#define HARNESS_IOC_INFO _IOR('H', 1, struct harness_info)
#define HARNESS_IOC_ALLOCATE _IOWR('H', 2, struct harness_allocate)
#define HARNESS_IOC_RESET _IO('H', 3) /* after the last ALLOCATE or PIN, before the first command */
#define HARNESS_IOC_SUBMIT _IOWR('H', 4, struct harness_submit)
#define HARNESS_IOC_WAIT _IOWR('H', 5, struct harness_wait)
#define HARNESS_IOC_FILE _IOWR('H', 6, struct harness_file)
#define HARNESS_IOC_MARK _IOW('H', 7, struct harness_mark)
#define HARNESS_IOC_COUNTERS _IOR('H', 8, struct harness_counters)
#define HARNESS_IOC_PIN _IOWR('H', 9, struct harness_pin)

/* Offsets for mmap. Pinned windows are mapped already. */
#define HARNESS_MAP_WINDOW(window) ((harness_u64)(window) << 40) /* cached */
#define HARNESS_MAP_REGISTERS(page) ((1ULL << 60) | (harness_u64)(page) << 40) /* uncached */
#define HARNESS_MAP_RING(instance) ((2ULL << 60) | (harness_u64)(instance) << 40) /* cached */

/* One entry of the event log, 32 bytes. */
struct harness_event {
    harness_u64 counter; /* time-stamp counter */
    harness_u32 kind; /* HARNESS_EVENT_* */
    harness_u32 thread; /* 0 is the dispatching thread */
    harness_u32 phase; /* code of harness/stats/phases.py; of a WAIT: 1 accelerators, 2 workers */
    harness_u32 step; /* index of the program's step; all ones for none */
    harness_u64 argument; /* SYNC: the TICK register's value; WAIT: first item; else 0 */
};
#define HARNESS_EVENT_BEGIN 1 /* a phase begins on a thread, and ends with the thread's next event */
#define HARNESS_EVENT_WAIT 2 /* the thread begins to wait */
#define HARNESS_EVENT_END 3 /* the thread has nothing to do */
#define HARNESS_EVENT_SYNC 4 /* counter and TICK belong together (counter: mean of before and after) */
#define HARNESS_EVENT_INFERENCE 5 /* the window of inference `argument` begins (phase 1) or ends (0) */

#endif
