// SPDX-License-Identifier: BSD-3-Clause
/*
 * The smallest guest of a full system: no Linux, it finds the accelerators' PCI function and marks
 * what a run's init and runtime mark. Ends with the status that STATUS says; with PANICS it prints
 * what Linux prints in a panic, and loops as Linux does.
 */
#include <stdint.h>

#include "../../../gem5_configs/guest/abi/harness_device.h"

#define PCI_DEVICE 5
#define REGISTERS 0xc0000000ull
#define PRESENT_WRITABLE_LARGE 0x83ull
#define UNCACHED 0x10ull
#define LARGE_PAGE (2ull << 20)

static uint64_t level4[512] __attribute__((aligned(4096)));
static uint64_t level3[512] __attribute__((aligned(4096)));
static uint64_t level2[4][512] __attribute__((aligned(4096)));
static uint8_t stack[4096] __attribute__((aligned(4096), used));

static void writePort(uint16_t port, uint32_t value) {
    __asm__ volatile("outl %0, %1" : : "a"(value), "d"(port));
}

static void configure(uint32_t reg, uint32_t value) {
    writePort(0xcf8, 0x80000000u | PCI_DEVICE << 11 | reg);
    writePort(0xcfc, value);
}

static void mapAll(void) {
    level4[0] = (uint64_t)level3 | 3;
    for (uint64_t gib = 0; gib < 4; ++gib) {
        level3[gib] = (uint64_t)level2[gib] | 3;
        for (uint64_t page = 0; page < 512; ++page) {
            const uint64_t cached = gib == 3 ? UNCACHED : 0;
            level2[gib][page] = (gib << 30 | page * LARGE_PAGE) | PRESENT_WRITABLE_LARGE | cached;
        }
    }
    __asm__ volatile("mov %0, %%cr3" : : "r"(level4) : "memory");
}

static void mark(uint64_t code, uint64_t argument) {
    *(volatile uint64_t*)(REGISTERS + HARNESS_REG_MARK) = code | argument << 8;
}

static void work(void) {
    for (volatile int i = 0; i < 1000; ++i) {
    }
}

static void print(const char* text) {
    for (; *text; ++text) __asm__ volatile("outb %0, %1" : : "a"(*text), "d"((uint16_t)0x3f8));
}

__attribute__((used)) static void guest(void) {
#ifdef PANICS
    print("[    0.1] Kernel panic - not syncing: no init\n");
    for (;;) {
    }
#endif
    print("booted\n");
    mapAll();
    configure(0x10, (uint32_t)REGISTERS);
    configure(0x04, 6);
    mark(HARNESS_MARK_CHECKPOINT, 0);
    const uint64_t magic = *(volatile uint64_t*)(REGISTERS + HARNESS_REG_MAGIC);
    mark(HARNESS_MARK_READY, 0);
    for (uint64_t inference = 0; inference < 2; ++inference) {
        mark(HARNESS_MARK_BEGIN, inference);
        work();
        mark(HARNESS_MARK_END, inference);
        work();
    }
    mark(HARNESS_MARK_EXIT, magic == HARNESS_MAGIC ? STATUS : 99);
    for (;;) {
    }
}

__attribute__((naked, section(".text.start"))) void _start(void) {
    __asm__ volatile("lea stack+4096(%rip), %rsp\n call guest");
}
