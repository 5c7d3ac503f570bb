// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Windows of user memory: pages that are pinned, and the list by which the device finds them.
 *
 * Pages stay pinned until the file is closed, whatever the process does to its mappings: the
 * device may use them at any time. They count against RLIMIT_MEMLOCK of the process that pinned
 * them, as its other pinned pages do (VmPin in /proc/PID/status).
 */
#include <linux/capability.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/version.h>

#include "harness.h"

static unsigned long harness_list_bytes(const struct harness_pinned *pinned)
{
	return PAGE_ALIGN(pinned->page_count * sizeof(*pinned->list));
}

static enum dma_data_direction harness_direction(const struct harness_pinned *pinned)
{
	return pinned->is_writable ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
}

static dma_addr_t harness_entry_address(const struct harness_pinned *pinned, unsigned long page)
{
	return le64_to_cpu(pinned->list[page]) & PAGE_MASK;
}

dma_addr_t harness_pinned_address(const struct harness_pinned *pinned, u64 offset)
{
	return harness_entry_address(pinned, offset >> PAGE_SHIFT) + offset_in_page(offset);
}

/* What get_user_pages() is to see to. A page that the device only reads must be the process's own
 * too: one that is still shared would be replaced when the process writes to it.
 */
static unsigned int harness_pin_flags(const struct harness_pinned *pinned)
{
	if (pinned->is_writable)
		return FOLL_LONGTERM | FOLL_WRITE;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	return FOLL_LONGTERM | FOLL_WRITE | FOLL_FORCE;
#else
	return FOLL_LONGTERM;
#endif
}

/* Whether the process may read it all: FOLL_FORCE would not ask. */
static bool harness_is_readable(struct mm_struct *mm, unsigned long start, unsigned long size_bytes)
{
	unsigned long end = start + size_bytes;
	struct vm_area_struct *vma;
	bool is_readable = true;

	mmap_read_lock(mm);
	while (is_readable && start < end) {
		vma = find_vma(mm, start);
		is_readable = vma && vma->vm_start <= start && vma->vm_flags & VM_READ;
		if (is_readable)
			start = vma->vm_end;
	}
	mmap_read_unlock(mm);
	return is_readable;
}

static int harness_account(struct harness_pinned *pinned)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	s64 pages = atomic64_add_return(pinned->page_count, &pinned->mm->pinned_vm);

	if (pages <= limit || capable(CAP_IPC_LOCK))
		return 0;
	atomic64_sub(pinned->page_count, &pinned->mm->pinned_vm);
	return -ENOMEM;
}

static void harness_unaccount(struct harness_pinned *pinned)
{
	atomic64_sub(pinned->page_count, &pinned->mm->pinned_vm);
}

/* All pages or none. */
static int harness_pin_pages(struct harness_pinned *pinned, unsigned long start)
{
	unsigned long done = 0;
	int count;

	if (!pinned->is_writable &&
	    !harness_is_readable(pinned->mm, start, pinned->page_count << PAGE_SHIFT))
		return -EFAULT;
	while (done < pinned->page_count) {
		count = pin_user_pages_fast(start + (done << PAGE_SHIFT),
					    pinned->page_count - done,
					    harness_pin_flags(pinned), pinned->pages + done);
		if (count <= 0) {
			unpin_user_pages(pinned->pages, done);
			return count ? count : -EFAULT;
		}
		done += count;
	}
	return 0;
}

static void harness_unpin_pages(struct harness_pinned *pinned)
{
	unpin_user_pages_dirty_lock(pinned->pages, pinned->page_count, pinned->is_writable);
}

static void harness_unmap_pages(struct harness_device *harness, struct harness_pinned *pinned,
				unsigned long count)
{
	while (count--)
		dma_unmap_page(&harness->pci->dev, harness_entry_address(pinned, count),
			       PAGE_SIZE, harness_direction(pinned));
}

/* Fill the list. What caches hold of the pages goes to memory, and so does the list itself. */
static int harness_map_pages(struct harness_device *harness, struct harness_pinned *pinned)
{
	dma_addr_t address;
	unsigned long i;

	for (i = 0; i < pinned->page_count; i++) {
		address = dma_map_page(&harness->pci->dev, pinned->pages[i], 0, PAGE_SIZE,
				       harness_direction(pinned));
		if (dma_mapping_error(&harness->pci->dev, address)) {
			harness_unmap_pages(harness, pinned, i);
			return -ENOMEM;
		}
		pinned->list[i] = cpu_to_le64(address | HARNESS_PAGE_PRESENT);
		harness_write_back(harness, page_address(pinned->pages[i]), PAGE_SIZE);
		cond_resched();
	}
	harness_write_back(harness, pinned->list, harness_list_bytes(pinned));
	return 0;
}

static void harness_free_pinned(struct harness_device *harness, struct harness_pinned *pinned)
{
	if (pinned->list)
		dma_free_coherent(&harness->pci->dev, harness_list_bytes(pinned), pinned->list,
				  pinned->list_address);
	kvfree(pinned->pages);
	mmdrop(pinned->mm);
	kfree(pinned);
}

static struct harness_pinned *harness_create_pinned(struct harness_device *harness,
						    const struct harness_pin *pin)
{
	struct harness_pinned *pinned = kzalloc(sizeof(*pinned), GFP_KERNEL);

	if (!pinned)
		return NULL;
	mmgrab(current->mm);
	pinned->mm = current->mm;
	pinned->is_writable = pin->flags & HARNESS_WINDOW_WRITABLE;
	pinned->page_count = pin->size_bytes >> PAGE_SHIFT;
	pinned->pages = kvmalloc_array(pinned->page_count, sizeof(*pinned->pages),
				       GFP_KERNEL | __GFP_NOWARN);
	pinned->list = dma_alloc_coherent(&harness->pci->dev, harness_list_bytes(pinned),
					  &pinned->list_address, GFP_KERNEL | __GFP_NOWARN);
	if (pinned->pages && pinned->list)
		return pinned;
	harness_free_pinned(harness, pinned);
	return NULL;
}

void harness_unpin(struct harness_device *harness, struct harness_pinned *pinned)
{
	harness_unmap_pages(harness, pinned, pinned->page_count);
	harness_unpin_pages(pinned);
	harness_unaccount(pinned);
	harness_free_pinned(harness, pinned);
}

static struct harness_pinned *harness_pin_memory(struct harness_device *harness,
						 const struct harness_pin *pin)
{
	struct harness_pinned *pinned = harness_create_pinned(harness, pin);
	int error;

	if (!pinned)
		return ERR_PTR(-ENOMEM);
	error = harness_account(pinned);
	if (error)
		goto free;
	error = harness_pin_pages(pinned, pin->address);
	if (error)
		goto unaccount;
	error = harness_map_pages(harness, pinned);
	if (!error)
		return pinned;
	harness_unpin_pages(pinned);
unaccount:
	harness_unaccount(pinned);
free:
	harness_free_pinned(harness, pinned);
	return ERR_PTR(error);
}

static int harness_check_pin(struct harness_device *harness, const struct harness_pin *pin)
{
	if (!pin->size_bytes || pin->size_bytes % HARNESS_PAGE_BYTES ||
	    pin->size_bytes > HARNESS_LARGEST_PIN || pin->address % HARNESS_PAGE_BYTES ||
	    pin->address + pin->size_bytes < pin->address ||
	    pin->flags & ~(u64)HARNESS_WINDOW_WRITABLE)
		return -EINVAL;
	if (!(harness_read(harness, HARNESS_REG_FLAGS) & HARNESS_FLAG_PAGE_LISTS))
		return -EOPNOTSUPP;
	return 0;
}

static int harness_do_pin(struct harness_device *harness, struct harness_pin *pin)
{
	struct harness_window window = { .size_bytes = pin->size_bytes };
	int error;

	error = harness_check_pin(harness, pin);
	if (error)
		return error;
	/* Outside our locks: bringing in the process's pages may take long. */
	window.pinned = harness_pin_memory(harness, pin);
	if (IS_ERR(window.pinned))
		return PTR_ERR(window.pinned);
	window.address = window.pinned->list_address;
	mutex_lock(&harness->configure);
	error = harness_add_window(harness, &window, pin->flags | HARNESS_WINDOW_PAGE_LIST,
				   &pin->window);
	mutex_unlock(&harness->configure);
	if (error)
		harness_unpin(harness, window.pinned);
	return error;
}

int harness_pin(struct harness_device *harness, struct harness_pin *pin)
{
	int error = harness_do_pin(harness, pin);

	if (error) {
		atomic64_inc(&harness->failed_pins);
		return error;
	}
	atomic64_inc(&harness->pins);
	atomic64_add(pin->size_bytes >> PAGE_SHIFT, &harness->pinned_pages);
	return 0;
}
