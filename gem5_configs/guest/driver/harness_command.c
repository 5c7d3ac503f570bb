// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Commands: the rings, and waiting for what was submitted.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "harness.h"

/* A sleeper looks by itself this often, and gives an interrupt as long again to arrive. */
#define HARNESS_SLICE (HZ / 10)
#define HARNESS_ROOM_SLICE (HZ / 100 + 1)	/* commands need not interrupt: look for room */
#define HARNESS_SETTLE_MS 1000			/* for running commands when a file is closed */
#define HARNESS_LONGEST_US BIT_ULL(50)		/* 35 years: fits a ktime_t */

static bool harness_is_idle(struct harness_device *harness)
{
	unsigned int i;

	for (i = 0; i < harness->instance_count; i++)
		if (harness_status(&harness->instances[i]) & HARNESS_STATUS_BUSY)
			return false;
	return true;
}

/* From here on SUBMIT refuses; taking each lock waits for those that are under way. */
static void harness_stop_submitting(struct harness_device *harness)
{
	unsigned int i;

	WRITE_ONCE(harness->is_ready, false);
	for (i = 0; i < harness->instance_count; i++) {
		mutex_lock(&harness->instances[i].submit_lock);
		mutex_unlock(&harness->instances[i].submit_lock);
	}
}

/* Forget all commands, on both sides. SUBMIT refuses. */
static void harness_restart(struct harness_device *harness)
{
	struct harness_instance *instance;
	unsigned int i;

	harness_reset_device(harness);
	for (i = 0; i < harness->instance_count; i++) {
		instance = &harness->instances[i];
		mutex_lock(&instance->submit_lock);
		instance->submitted = 0;
		instance->ended = 0;
		atomic_cmpxchg(&instance->submitter, HARNESS_DRIVER, HARNESS_NOBODY);
		mutex_unlock(&instance->submit_lock);
	}
}

int harness_reset(struct harness_device *harness)
{
	bool was_ready;
	int error = 0;

	mutex_lock(&harness->configure);
	was_ready = harness->is_ready;
	harness_stop_submitting(harness);
	if (harness_is_idle(harness))
		harness_restart(harness);
	else
		error = -EBUSY;
	WRITE_ONCE(harness->is_ready, !error || was_ready);
	mutex_unlock(&harness->configure);
	return error;
}

static bool harness_has_signalled(struct harness_device *harness,
				  struct harness_instance *instance, u64 count)
{
	return READ_ONCE(instance->signalled) >= count || READ_ONCE(instance->stopped) ||
	       harness_is_removed(harness);
}

/* Sleep until the instance signals `count` or the slice ends; negative for a signal. */
static long harness_sleep(struct harness_device *harness, struct harness_instance *instance,
			  u64 count, long slice)
{
	return wait_event_interruptible_timeout(instance->waiters,
						harness_has_signalled(harness, instance, count),
						slice);
}

static int harness_condition(struct harness_device *harness, struct harness_instance *instance)
{
	if (harness_is_removed(harness))
		return -ENODEV;
	if (READ_ONCE(instance->stopped) || harness_status(instance) & HARNESS_STATUS_ERROR)
		return -EIO;
	return 0;
}

static bool harness_has_room(struct harness_instance *instance)
{
	if (instance->submitted - instance->ended < HARNESS_RING_SLOTS)
		return true;
	instance->ended = harness_completed(instance);
	return instance->submitted - instance->ended < HARNESS_RING_SLOTS;
}

/* Copy a descriptor into the next slot and ring. */
static int harness_enqueue(struct harness_device *harness, struct harness_instance *instance,
			   struct harness_submit *submit)
{
	unsigned int slot = instance->submitted % HARNESS_RING_SLOTS;
	void *place = instance->ring + slot * HARNESS_SLOT_BYTES;

	if (copy_from_user(place, u64_to_user_ptr(submit->descriptor), submit->size_bytes))
		return -EFAULT;
	harness_write_back(harness, place, submit->size_bytes);
	submit->count = ++instance->submitted;
	wmb(); /* the descriptor is in memory before the doorbell rings */
	writeq(HARNESS_DOORBELL(submit->count, submit->size_bytes, submit->interrupts),
	       instance->registers + HARNESS_REG_DOORBELL);
	atomic64_inc(&harness->submits);
	return 0;
}

static int harness_try_submit(struct harness_device *harness,
			      struct harness_instance *instance, struct harness_submit *submit)
{
	int error;

	if (mutex_lock_interruptible(&instance->submit_lock))
		return -ERESTARTSYS;
	if (!READ_ONCE(harness->is_ready))
		error = -EINVAL;
	else if (atomic_cmpxchg(&instance->submitter, HARNESS_NOBODY, HARNESS_DRIVER) ==
		 HARNESS_PROCESS)
		error = -EBUSY;
	else if (!harness_has_room(instance))
		error = -EAGAIN;
	else
		error = harness_enqueue(harness, instance, submit);
	mutex_unlock(&instance->submit_lock);
	return error;
}

int harness_submit(struct harness_device *harness, struct harness_submit *submit, bool may_block)
{
	struct harness_instance *instance;
	long left;
	int error;

	if (submit->instance >= harness->instance_count || !submit->size_bytes ||
	    submit->size_bytes % 64 || submit->size_bytes > HARNESS_SLOT_BYTES ||
	    submit->interrupts > 1)
		return -EINVAL;
	instance = &harness->instances[submit->instance];
	for (;;) {
		error = harness_try_submit(harness, instance, submit);
		if (error != -EAGAIN || !may_block)
			return error;
		error = harness_condition(harness, instance);
		if (error)
			return error;
		left = harness_sleep(harness, instance, READ_ONCE(instance->ended) + 1,
				     HARNESS_ROOM_SLICE);
		if (left < 0)
			return left;
	}
}

/* The slice ended by the timer. If the work has ended as well, then no interrupt said so: give
 * one that is on its way the time to arrive, count, and do what the handler would have done.
 */
static int harness_check_lost(struct harness_device *harness, struct harness_instance *instance,
			      u64 count)
{
	long left;

	if (harness_completed(instance) < count)
		return 0;
	left = harness_sleep(harness, instance, count, HARNESS_SLICE);
	if (left)
		return min(left, 0L);
	atomic64_inc(&harness->lost);
	harness_acknowledge(harness);
	return 0;
}

/* Length of the next sleep in jiffies; 0 when the time is up. */
static long harness_slice(u64 timeout_us, ktime_t end)
{
	s64 left_us;

	if (!timeout_us)
		return HARNESS_SLICE;
	left_us = ktime_us_delta(end, ktime_get());
	if (left_us <= 0)
		return 0;
	return min_t(long, HARNESS_SLICE,
		     usecs_to_jiffies(min_t(s64, left_us, USEC_PER_SEC)));
}

int harness_wait(struct harness_device *harness, struct harness_wait *wait)
{
	struct harness_instance *instance;
	bool has_slept = false;
	ktime_t end;
	long slice, left;
	int error;

	if (wait->instance >= harness->instance_count)
		return -EINVAL;
	instance = &harness->instances[wait->instance];
	end = ktime_add_us(ktime_get(), min_t(u64, wait->timeout_us, HARNESS_LONGEST_US));
	atomic64_inc(&harness->waits);
	for (;;) {
		wait->completed = READ_ONCE(instance->signalled);
		if (wait->completed < wait->count)
			wait->completed = harness_completed(instance);
		if (wait->completed >= wait->count)
			return 0;
		error = harness_condition(harness, instance);
		if (error)
			return error;
		slice = harness_slice(wait->timeout_us, end);
		if (!slice)
			return -ETIMEDOUT;
		if (!has_slept)
			atomic64_inc(&harness->sleeps);
		has_slept = true;
		left = harness_sleep(harness, instance, wait->count, slice);
		error = left ? min(left, 0L) :
			       harness_check_lost(harness, instance, wait->count);
		if (error)
			return error;
	}
}

static bool harness_becomes_idle(struct harness_device *harness)
{
	ktime_t end = ktime_add_ms(ktime_get(), HARNESS_SETTLE_MS);

	while (!harness_is_idle(harness)) {
		if (ktime_after(ktime_get(), end))
			return false;
		usleep_range(100, 200);
	}
	return true;
}

/* End what is running: by itself if it does, else by a reset. False if the device may still
 * write to memory. Nobody submits any more, and who opens the device next has to RESET first.
 */
bool harness_settle(struct harness_device *harness)
{
	bool is_settled;
	unsigned int i;

	mutex_lock(&harness->configure);
	harness_stop_submitting(harness);
	is_settled = harness_becomes_idle(harness);
	if (!is_settled) {
		harness_restart(harness);
		is_settled = harness_becomes_idle(harness);
	}
	for (i = 0; i < harness->instance_count; i++)
		atomic_set(&harness->instances[i].submitter, HARNESS_NOBODY);
	mutex_unlock(&harness->configure);
	return is_settled;
}
