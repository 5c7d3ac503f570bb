/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of driver_test share. */
#ifndef DRIVER_TEST_H
#define DRIVER_TEST_H

#include <stdbool.h>
#include <stddef.h>

#include "harness_device.h"

#define PAGE ((size_t)HARNESS_PAGE_BYTES)

/* One line each: PASS or FAIL. */
void check(bool is_right, const char *what, long got, long expected);
void equal(const char *what, long got, long expected);

bool on_linux(void);
int open_device(int flags);
/* 0, or the error's number. */
int call(int file, unsigned long request, void *argument);
int allocate(int file, harness_u64 size_bytes, harness_u64 flags, harness_u64 *window);
/* The error's number of a mapping that should not be possible. */
int map_error(int file, harness_u64 offset, size_t size_bytes, int rights, int kind);

/* pin_test.c */
void test_pinned_memory(void);

#endif
