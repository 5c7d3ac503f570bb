// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Memory: windows that the device may reach, files of the run, and mappings.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/version.h>

#include <asm/cacheflush.h>

#include "harness.h"

/* The largest offset in a device address and in an mmap offset. */
#define HARNESS_WINDOW_LIMIT BIT_ULL(40)

/* Kinds of mappings: bits 60 and up of the offset. */
#define HARNESS_KIND_WINDOW 0
#define HARNESS_KIND_REGISTERS 1
#define HARNESS_KIND_RING 2

/* Make memory hold what the caches hold, and the caches nothing: a line that stayed dirty would
 * later be written over what the device has put there.
 */
void harness_write_back(struct harness_device *harness, void *memory, u64 size_bytes)
{
	u64 part;

	if (harness->is_coherent)
		return;
	for (; size_bytes; size_bytes -= part, memory += part) {
		part = min_t(u64, size_bytes, SZ_1G);
		clflush_cache_range(memory, part);
	}
}

static void harness_grant(struct harness_device *harness, unsigned int number, u64 flags)
{
	struct harness_window *window = &harness->windows[number];

	harness_write(harness, HARNESS_REG_WINDOW_SELECT, number);
	harness_write(harness, HARNESS_REG_WINDOW_BASE, window->address);
	harness_write(harness, HARNESS_REG_WINDOW_FLAGS, flags);
	harness_write(harness, HARNESS_REG_WINDOW_BYTES, window->size_bytes);
}

/* Under `configure`. */
int harness_add_window(struct harness_device *harness, const struct harness_window *window,
		       u64 flags, u64 *number)
{
	if (harness->window_count == HARNESS_MAXIMUM_WINDOWS)
		return -ENOSPC;
	*number = harness->window_count;
	harness->windows[*number] = *window;
	WRITE_ONCE(harness->is_ready, false);
	harness_grant(harness, *number, flags);
	smp_store_release(&harness->window_count, *number + 1); /* for mmap */
	return 0;
}

static void harness_release_memory(struct harness_device *harness,
				   const struct harness_window *window)
{
	if (window->pinned)
		harness_unpin(harness, window->pinned);
	else
		dma_free_coherent(&harness->pci->dev, window->size_bytes, window->memory,
				  window->address);
}

static int harness_allocate_window(struct harness_device *harness,
				   struct harness_allocate *allocate)
{
	struct harness_window window = { .size_bytes = allocate->size_bytes };
	int error;

	window.memory = dma_alloc_coherent(&harness->pci->dev, window.size_bytes,
					   &window.address, GFP_KERNEL | __GFP_NOWARN);
	if (!window.memory)
		return -ENOMEM;
	harness_write_back(harness, window.memory, window.size_bytes);
	error = harness_add_window(harness, &window, allocate->flags, &allocate->window);
	if (error)
		harness_release_memory(harness, &window);
	return error;
}

int harness_allocate(struct harness_device *harness, struct harness_allocate *allocate)
{
	int error;

	if (!allocate->size_bytes || allocate->size_bytes % HARNESS_PAGE_BYTES ||
	    allocate->size_bytes > HARNESS_WINDOW_LIMIT ||
	    allocate->flags & ~(u64)HARNESS_WINDOW_WRITABLE)
		return -EINVAL;
	mutex_lock(&harness->configure);
	error = harness_allocate_window(harness, allocate);
	mutex_unlock(&harness->configure);
	return error;
}

/* Take all windows away and free them; one that may still be written to is lost instead. */
void harness_free_windows(struct harness_device *harness, bool is_settled)
{
	struct harness_window *window;

	mutex_lock(&harness->configure);
	while (harness->window_count) {
		window = &harness->windows[--harness->window_count];
		harness_write(harness, HARNESS_REG_WINDOW_SELECT, harness->window_count);
		harness_write(harness, HARNESS_REG_WINDOW_BYTES, 0);
		if (is_settled)
			harness_release_memory(harness, window);
		else
			dev_err(&harness->pci->dev,
				"window %u is not freed: the device does not become idle\n",
				harness->window_count);
	}
	mutex_unlock(&harness->configure);
}

/* Whether [offset, offset + count) lies in the window. */
static bool harness_is_inside(struct harness_window *window, u64 offset, u64 count)
{
	return offset <= window->size_bytes && count <= window->size_bytes - offset;
}

static int harness_check_transfer(struct harness_device *harness, struct harness_file *file)
{
	u64 end;

	if (file->window >= harness->window_count ||
	    !harness_is_inside(&harness->windows[file->window], file->window_offset,
			       file->count) ||
	    check_add_overflow(file->file_offset, file->count, &end))
		return -EINVAL;
	return 0;
}

/* Where the window's byte at `offset` lies; `count` becomes the bytes from there in one piece. */
static dma_addr_t harness_piece(const struct harness_window *window, u64 offset, u64 *count)
{
	if (!window->pinned || !*count)
		return window->address + offset;
	*count = min_t(u64, *count, PAGE_SIZE - offset_in_page(offset));
	return harness_pinned_address(window->pinned, offset);
}

/* Piece by piece; bytes written, fewer than asked for if the host has no room. */
static u64 harness_write_bytes(struct harness_device *harness, const struct harness_file *file)
{
	const struct harness_window *window = &harness->windows[file->window];
	u64 part, written, done = 0;

	harness_write(harness, HARNESS_REG_FILE_NUMBER, file->number);
	do {
		part = file->count - done;
		harness_write(harness, HARNESS_REG_FILE_ADDRESS,
			      harness_piece(window, file->window_offset + done, &part));
		harness_write(harness, HARNESS_REG_FILE_OFFSET, file->file_offset + done);
		harness_write(harness, HARNESS_REG_FILE_COUNT, part);
		harness_write(harness, HARNESS_REG_FILE_GO, 1);
		written = harness_read(harness, HARNESS_REG_FILE_COUNT);
		done += written;
	} while (written == part && done < file->count);
	return done;
}

int harness_transfer(struct harness_device *harness, struct harness_file *file)
{
	int error;

	mutex_lock(&harness->configure);
	error = harness_check_transfer(harness, file);
	if (!error)
		file->count = harness_write_bytes(harness, file);
	mutex_unlock(&harness->configure);
	return error;
}

/* A mapping that may not be written now may not be made writable later. */
static void harness_forbid_write(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	vma->vm_flags &= ~VM_MAYWRITE;
#else
	vm_flags_clear(vma, VM_MAYWRITE);
#endif
}

/* Pages of registers. Page 0 belongs to the driver and can only be looked at. */
static int harness_map_registers(struct harness_device *harness, struct vm_area_struct *vma,
				 u64 page, u64 offset)
{
	resource_size_t start = pci_resource_start(harness->pci, 0) + page * HARNESS_PAGE_BYTES;

	if (page > harness->instance_count || offset ||
	    vma->vm_end - vma->vm_start != HARNESS_PAGE_BYTES)
		return -EINVAL;
	if (!page && vma->vm_flags & VM_WRITE)
		return -EACCES;
	if (!page)
		harness_forbid_write(vma);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return io_remap_pfn_range(vma, vma->vm_start, start >> PAGE_SHIFT, HARNESS_PAGE_BYTES,
				  vma->vm_page_prot);
}

/* Memory, cached. dma_mmap_coherent() takes the offset in the allocation from vm_pgoff. */
static int harness_map_memory(struct harness_device *harness, struct vm_area_struct *vma,
			      struct harness_window *window, u64 offset)
{
	unsigned long page_offset = vma->vm_pgoff;
	int error;

	if (!harness_is_inside(window, offset, vma->vm_end - vma->vm_start))
		return -EINVAL;
	vma->vm_pgoff = offset >> PAGE_SHIFT;
	error = dma_mmap_coherent(&harness->pci->dev, vma, window->memory, window->address,
				  window->size_bytes);
	vma->vm_pgoff = page_offset;
	return error;
}

static int harness_map_window(struct harness_device *harness, struct vm_area_struct *vma,
			      u64 number, u64 offset)
{
	if (number >= smp_load_acquire(&harness->window_count) || /* pairs with add_window's */
	    harness->windows[number].pinned)
		return -EINVAL;
	return harness_map_memory(harness, vma, &harness->windows[number], offset);
}

/* Who maps a ring for writing fills it from then on. */
static int harness_map_ring(struct harness_device *harness, struct vm_area_struct *vma,
			    u64 number, u64 offset)
{
	struct harness_instance *instance;
	struct harness_window ring;

	if (number >= harness->instance_count)
		return -EINVAL;
	instance = &harness->instances[number];
	if (!(vma->vm_flags & VM_WRITE))
		harness_forbid_write(vma);
	else if (atomic_cmpxchg(&instance->submitter, HARNESS_NOBODY, HARNESS_PROCESS) ==
		 HARNESS_DRIVER)
		return -EBUSY;
	ring.memory = instance->ring;
	ring.address = instance->ring_address;
	ring.size_bytes = HARNESS_RING_BYTES;
	return harness_map_memory(harness, vma, &ring, offset);
}

/* Remapping page frames marks the area as not to be expanded and not to be dumped. */
int harness_map(struct harness_device *harness, struct vm_area_struct *vma)
{
	u64 place = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 offset = place & (HARNESS_WINDOW_LIMIT - 1);
	u64 number = place >> 40 & GENMASK(19, 0);

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	switch (place >> 60) {
	case HARNESS_KIND_WINDOW:
		return harness_map_window(harness, vma, number, offset);
	case HARNESS_KIND_REGISTERS:
		return harness_map_registers(harness, vma, number, offset);
	case HARNESS_KIND_RING:
		return harness_map_ring(harness, vma, number, offset);
	default:
		return -EINVAL;
	}
}
