// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The interrupt: find out who asks for attention, acknowledge, wake who waits.
 *
 * A legacy interrupt of a simulated x86 is a message, sent once per post and dropped if it cannot
 * be taken. The device posts again when it is acknowledged while causes remain, and causes that
 * came up meanwhile are looked for here before the handler ends.
 */
#include <linux/interrupt.h>

#include "harness.h"

/* Enough for every instance to come up while another one is served; after these the device's
 * next post goes on. A device that is gone reads as all ones and would never let go.
 */
#define HARNESS_ROUNDS (2 * HARNESS_MAXIMUM_INSTANCES)

static void harness_signal(struct harness_instance *instance)
{
	u64 completed = harness_completed(instance);

	/* Attention without an ended command: costs a second register only then. */
	if (completed == instance->signalled &&
	    (harness_status(instance) & HARNESS_STATUS_ERROR))
		WRITE_ONCE(instance->stopped, true);
	WRITE_ONCE(instance->signalled, completed);
	wake_up_all(&instance->waiters);
}

/* Clear all causes that are there, and return them. COMPLETED is read after the cause has been
 * cleared: what ends later sets it again.
 */
u64 harness_acknowledge(struct harness_device *harness)
{
	u64 cause, causes = 0;
	unsigned long flags;
	unsigned int i, round;

	spin_lock_irqsave(&harness->signal_lock, flags);
	for (round = 0; round < HARNESS_ROUNDS; round++) {
		cause = harness_read(harness, HARNESS_REG_CAUSE) & harness->interrupt_mask;
		if (!cause)
			break;
		harness_write(harness, HARNESS_REG_CAUSE, cause);
		causes |= cause;
		for (i = 0; i < harness->instance_count; i++)
			if (cause & BIT_ULL(i))
				harness_signal(&harness->instances[i]);
	}
	spin_unlock_irqrestore(&harness->signal_lock, flags);
	return causes;
}

/* Signals of commands from before cannot come in after this. */
void harness_reset_device(struct harness_device *harness)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&harness->signal_lock, flags);
	harness_write(harness, HARNESS_REG_RESET, 1);
	harness_write(harness, HARNESS_REG_CAUSE, harness->interrupt_mask);
	harness_read(harness, HARNESS_REG_CAUSE); /* the writes have arrived */
	for (i = 0; i < harness->instance_count; i++) {
		WRITE_ONCE(harness->instances[i].signalled, 0);
		WRITE_ONCE(harness->instances[i].stopped, false);
	}
	spin_unlock_irqrestore(&harness->signal_lock, flags);
}

irqreturn_t harness_interrupt(int irq, void *data)
{
	struct harness_device *harness = data;

	atomic64_inc(&harness->interrupts);
	if (harness_acknowledge(harness))
		return IRQ_HANDLED;
	atomic64_inc(&harness->spurious);
	return IRQ_NONE;
}
