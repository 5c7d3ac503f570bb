/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Driver of an accelerator bridge: what its files share.
 *
 * One bridge is one PCI device and one /dev/harness. At most one file is open for writing at a
 * time; what it sets up (windows, commands) ends when it is closed.
 *
 * Locks, outermost first: configure, submit_lock, mmap_lock (descriptors are copied under
 * submit_lock), signal_lock. So mmap, which has mmap_lock, takes none of ours: windows only come
 * while the file is open, and window_count is raised when one is complete.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/io.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/percpu-refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "harness_device.h"

#define HARNESS_RING_SLOTS 16
#define HARNESS_RING_BYTES (HARNESS_RING_SLOTS * HARNESS_SLOT_BYTES)

/* Who fills an instance's ring and rings its doorbell. The two ways exclude each other: the
 * driver does not see commands that a process submits by itself, so it could not number its own.
 */
enum harness_submitter {
	HARNESS_NOBODY,
	HARNESS_DRIVER,		/* since the first SUBMIT, until RESET */
	HARNESS_PROCESS,	/* since the ring was mapped writable, until the file is closed */
};

struct harness_instance {
	void __iomem *registers;
	void *ring;
	dma_addr_t ring_address;

	struct mutex submit_lock;	/* guards the ring, submitted and ended */
	u64 submitted;			/* number of the last command submitted by ioctl */
	u64 ended;			/* COMPLETED when it was last looked at for room */
	atomic_t submitter;		/* enum harness_submitter */

	wait_queue_head_t waiters;
	u64 signalled;			/* COMPLETED at the last interrupt */
	bool stopped;			/* the interrupt came with STATUS_ERROR */
};

/* Pages of a process, and the list of them that the device reads. */
struct harness_pinned {
	struct mm_struct *mm;		/* whose limit they count against; may have no users left */
	struct page **pages;
	unsigned long page_count;
	bool is_writable;
	__le64 *list;			/* DMA addresses and HARNESS_PAGE_PRESENT */
	dma_addr_t list_address;
};

struct harness_window {
	void *memory;			/* the driver's; NULL if it is a process's */
	struct harness_pinned *pinned;	/* NULL if it is the driver's */
	dma_addr_t address;		/* of the memory, or of the page list */
	u64 size_bytes;
};

struct harness_device {
	struct pci_dev *pci;
	struct miscdevice misc;
	void __iomem *registers;	/* page 0 */
	bool is_coherent;		/* at the last open for writing */
	u64 interrupt_mask;

	struct kref references;		/* the PCI device's and one per open file */
	struct percpu_ref users;	/* calls that touch the hardware; killed by remove */
	struct completion unused;

	struct mutex configure;		/* windows, page 0 of the registers, is_ready, mapping */
	struct harness_window windows[HARNESS_MAXIMUM_WINDOWS];
	unsigned int window_count;
	bool is_ready;			/* RESET since the last change of the windows */
	atomic_t is_open;		/* for writing */
	struct address_space *mapping;	/* of the file that is open for writing */

	spinlock_t signal_lock;		/* acknowledging, signalled, stopped */
	atomic64_t interrupts;
	atomic64_t spurious;
	atomic64_t lost;
	atomic64_t waits;
	atomic64_t sleeps;
	atomic64_t submits;
	atomic64_t pins;
	atomic64_t pinned_pages;
	atomic64_t failed_pins;

	unsigned int instance_count;
	struct harness_instance instances[HARNESS_MAXIMUM_INSTANCES];
};

static inline u64 harness_read(struct harness_device *harness, unsigned int offset)
{
	return readq(harness->registers + offset);
}

static inline void harness_write(struct harness_device *harness, unsigned int offset, u64 value)
{
	writeq(value, harness->registers + offset);
}

static inline u64 harness_completed(struct harness_instance *instance)
{
	return readq(instance->registers + HARNESS_REG_COMPLETED);
}

static inline u64 harness_status(struct harness_instance *instance)
{
	return readq(instance->registers + HARNESS_REG_STATUS);
}

/* Asked anew by each file: a checkpoint may be restored into a machine that is wired otherwise. */
static inline bool harness_sees_caches(struct harness_device *harness)
{
	return harness_read(harness, HARNESS_REG_FLAGS) & HARNESS_FLAG_COHERENT;
}

/* The hardware stays until harness_leave(), unless this says false: it has been removed. */
static inline bool harness_enter(struct harness_device *harness)
{
	return percpu_ref_tryget_live(&harness->users);
}

static inline void harness_leave(struct harness_device *harness)
{
	percpu_ref_put(&harness->users);
}

static inline bool harness_is_removed(struct harness_device *harness)
{
	return percpu_ref_is_dying(&harness->users);
}

/* harness_main.c */
void harness_put(struct harness_device *harness);

/* harness_irq.c */
irqreturn_t harness_interrupt(int irq, void *data);
u64 harness_acknowledge(struct harness_device *harness);
void harness_reset_device(struct harness_device *harness);

/* harness_command.c */
int harness_reset(struct harness_device *harness);
int harness_submit(struct harness_device *harness, struct harness_submit *submit,
		   bool may_block);
int harness_wait(struct harness_device *harness, struct harness_wait *wait);
bool harness_settle(struct harness_device *harness);

/* harness_memory.c */
void harness_write_back(struct harness_device *harness, void *memory, u64 size_bytes);
int harness_add_window(struct harness_device *harness, const struct harness_window *window,
		       u64 flags, u64 *number);
int harness_allocate(struct harness_device *harness, struct harness_allocate *allocate);
int harness_transfer(struct harness_device *harness, struct harness_file *file);
int harness_map(struct harness_device *harness, struct vm_area_struct *vma);
void harness_free_windows(struct harness_device *harness, bool is_settled);

/* harness_pin.c */
int harness_pin(struct harness_device *harness, struct harness_pin *pin);
void harness_unpin(struct harness_device *harness, struct harness_pinned *pinned);
dma_addr_t harness_pinned_address(const struct harness_pinned *pinned, u64 offset);

/* harness_file.c */
extern const struct file_operations harness_file_operations;

#endif
