// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * /dev/harness: open, close, ioctl, mmap.
 *
 * A file that is open for reading only may ask (INFO, COUNTERS) and MARK; any number of them may
 * be open beside the one that works.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "harness.h"

union harness_argument {
	struct harness_info info;
	struct harness_allocate allocate;
	struct harness_pin pin;
	struct harness_submit submit;
	struct harness_wait wait;
	struct harness_file file;
	struct harness_mark mark;
	struct harness_counters counters;
};

static int harness_do_info(struct file *file, union harness_argument *argument)
{
	struct harness_device *harness = file->private_data;

	argument->info = (struct harness_info){
		.version = HARNESS_ABI_VERSION,
		.instances = harness->instance_count,
		.flags = harness_read(harness, HARNESS_REG_FLAGS),
		.ring_slots = HARNESS_RING_SLOTS,
	};
	return 0;
}

static int harness_do_allocate(struct file *file, union harness_argument *argument)
{
	return harness_allocate(file->private_data, &argument->allocate);
}

static int harness_do_pin(struct file *file, union harness_argument *argument)
{
	return harness_pin(file->private_data, &argument->pin);
}

static int harness_do_reset(struct file *file, union harness_argument *argument)
{
	return harness_reset(file->private_data);
}

static int harness_do_submit(struct file *file, union harness_argument *argument)
{
	return harness_submit(file->private_data, &argument->submit,
			      !(file->f_flags & O_NONBLOCK));
}

static int harness_do_wait(struct file *file, union harness_argument *argument)
{
	return harness_wait(file->private_data, &argument->wait);
}

static int harness_do_file(struct file *file, union harness_argument *argument)
{
	return harness_transfer(file->private_data, &argument->file);
}

static int harness_do_mark(struct file *file, union harness_argument *argument)
{
	u64 code = argument->mark.code, value = argument->mark.argument;

	if (code < HARNESS_MARK_CHECKPOINT || code > HARNESS_MARK_STEP || value >> 56)
		return -EINVAL;
	harness_write(file->private_data, HARNESS_REG_MARK, value << 8 | code);
	return 0;
}

static int harness_do_counters(struct file *file, union harness_argument *argument)
{
	struct harness_device *harness = file->private_data;

	argument->counters = (struct harness_counters){
		.interrupts = atomic64_read(&harness->interrupts),
		.spurious = atomic64_read(&harness->spurious),
		.lost = atomic64_read(&harness->lost),
		.waits = atomic64_read(&harness->waits),
		.sleeps = atomic64_read(&harness->sleeps),
		.submits = atomic64_read(&harness->submits),
		.pins = atomic64_read(&harness->pins),
		.pinned_pages = atomic64_read(&harness->pinned_pages),
		.failed_pins = atomic64_read(&harness->failed_pins),
	};
	return 0;
}

static const struct harness_operation {
	unsigned int command;
	bool is_for_all;	/* not only for the file that is open for writing */
	int (*run)(struct file *file, union harness_argument *argument);
} harness_operations[] = {
	{ HARNESS_IOC_SUBMIT, false, harness_do_submit },
	{ HARNESS_IOC_WAIT, false, harness_do_wait },
	{ HARNESS_IOC_MARK, true, harness_do_mark },
	{ HARNESS_IOC_FILE, false, harness_do_file },
	{ HARNESS_IOC_ALLOCATE, false, harness_do_allocate },
	{ HARNESS_IOC_PIN, false, harness_do_pin },
	{ HARNESS_IOC_RESET, false, harness_do_reset },
	{ HARNESS_IOC_INFO, true, harness_do_info },
	{ HARNESS_IOC_COUNTERS, true, harness_do_counters },
};

static const struct harness_operation *harness_find_operation(unsigned int command)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(harness_operations); i++)
		if (harness_operations[i].command == command)
			return &harness_operations[i];
	return NULL;
}

static int harness_run(const struct harness_operation *operation, struct file *file,
		       union harness_argument *argument)
{
	struct harness_device *harness = file->private_data;
	int error;

	if (!harness_enter(harness))
		return -ENODEV;
	error = operation->run(file, argument);
	harness_leave(harness);
	return error;
}

/* Arguments are copied here, outside all locks. One that can be read but not written is EFAULT
 * after its operation. A wait that timed out says how far the instance has got.
 */
static long harness_ioctl(struct file *file, unsigned int command, unsigned long address)
{
	const struct harness_operation *operation = harness_find_operation(command);
	void __user *user = (void __user *)address;
	union harness_argument argument;
	int error;

	if (!operation)
		return -ENOTTY;
	if (!operation->is_for_all && !(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (_IOC_DIR(command) & _IOC_WRITE &&
	    copy_from_user(&argument, user, _IOC_SIZE(command)))
		return -EFAULT;
	error = harness_run(operation, file, &argument);
	if (error && error != -ETIMEDOUT)
		return error;
	if (_IOC_DIR(command) & _IOC_READ && copy_to_user(user, &argument, _IOC_SIZE(command)))
		return -EFAULT;
	return error;
}

static int harness_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct harness_device *harness = file->private_data;
	int error;

	if (!(file->f_mode & FMODE_WRITE))
		return -EACCES;
	if (!harness_enter(harness))
		return -ENODEV;
	error = harness_map(harness, vma);
	harness_leave(harness);
	return error;
}

static void harness_clear_counters(struct harness_device *harness)
{
	atomic64_set(&harness->interrupts, 0);
	atomic64_set(&harness->spurious, 0);
	atomic64_set(&harness->lost, 0);
	atomic64_set(&harness->waits, 0);
	atomic64_set(&harness->sleeps, 0);
	atomic64_set(&harness->submits, 0);
	atomic64_set(&harness->pins, 0);
	atomic64_set(&harness->pinned_pages, 0);
	atomic64_set(&harness->failed_pins, 0);
}

/* What remove takes mappings away from; it lives as long as the file. */
static void harness_set_mapping(struct harness_device *harness, struct address_space *mapping)
{
	mutex_lock(&harness->configure);
	harness->mapping = mapping;
	mutex_unlock(&harness->configure);
}

/* misc_open() holds misc_mtx, so the device is registered: it has its reference and is there. */
static int harness_open(struct inode *inode, struct file *file)
{
	struct harness_device *harness =
		container_of(file->private_data, struct harness_device, misc);

	if (file->f_mode & FMODE_WRITE) {
		if (atomic_cmpxchg(&harness->is_open, 0, 1))
			return -EBUSY;
		harness->is_coherent = harness_sees_caches(harness);
		harness_set_mapping(harness, inode->i_mapping);
		harness_clear_counters(harness);
	}
	kref_get(&harness->references);
	file->private_data = harness;
	return nonseekable_open(inode, file);
}

static int harness_release(struct inode *inode, struct file *file)
{
	struct harness_device *harness = file->private_data;

	if (file->f_mode & FMODE_WRITE) {
		if (harness_enter(harness)) {
			harness_free_windows(harness, harness_settle(harness));
			harness_leave(harness);
		}
		harness_set_mapping(harness, NULL);
		atomic_set(&harness->is_open, 0);
	}
	harness_put(harness);
	return 0;
}

const struct file_operations harness_file_operations = {
	.owner = THIS_MODULE,
	.open = harness_open,
	.release = harness_release,
	.unlocked_ioctl = harness_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = harness_mmap,
};
