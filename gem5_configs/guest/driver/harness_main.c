// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The PCI device: finding it, setting it up, letting it go.
 */
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "harness.h"

static void harness_destroy(struct kref *references)
{
	struct harness_device *harness =
		container_of(references, struct harness_device, references);

	percpu_ref_exit(&harness->users);
	kfree(harness);
}

void harness_put(struct harness_device *harness)
{
	kref_put(&harness->references, harness_destroy);
}

static void harness_become_unused(struct percpu_ref *users)
{
	complete(&container_of(users, struct harness_device, users)->unused);
}

static struct harness_device *harness_create(struct pci_dev *pci)
{
	struct harness_device *harness = kzalloc(sizeof(*harness), GFP_KERNEL);
	struct harness_instance *instance;
	unsigned int i;

	if (!harness)
		return NULL;
	if (percpu_ref_init(&harness->users, harness_become_unused, 0, GFP_KERNEL)) {
		kfree(harness);
		return NULL;
	}
	harness->pci = pci;
	kref_init(&harness->references);
	init_completion(&harness->unused);
	mutex_init(&harness->configure);
	spin_lock_init(&harness->signal_lock);
	for (i = 0; i < HARNESS_MAXIMUM_INSTANCES; i++) {
		instance = &harness->instances[i];
		mutex_init(&instance->submit_lock);
		init_waitqueue_head(&instance->waiters);
	}
	harness->misc.minor = MISC_DYNAMIC_MINOR;
	harness->misc.name = "harness";
	harness->misc.fops = &harness_file_operations;
	harness->misc.parent = &pci->dev;
	return harness;
}

static int harness_identify(struct harness_device *harness)
{
	struct device *device = &harness->pci->dev;
	u64 magic = harness_read(harness, HARNESS_REG_MAGIC);
	u64 version = harness_read(harness, HARNESS_REG_VERSION);
	u64 instances = harness_read(harness, HARNESS_REG_INSTANCES);
	unsigned int i;

	if (magic != HARNESS_MAGIC || version != HARNESS_ABI_VERSION) {
		dev_err(device, "magic %#llx, ABI version %llu: expected %#llx, %u\n", magic,
			version, HARNESS_MAGIC, HARNESS_ABI_VERSION);
		return -ENODEV;
	}
	if (!instances || instances > HARNESS_MAXIMUM_INSTANCES) {
		dev_err(device, "%llu accelerators: expected 1 to %u\n", instances,
			HARNESS_MAXIMUM_INSTANCES);
		return -ENODEV;
	}
	harness->instance_count = instances;
	harness->interrupt_mask = GENMASK_ULL(instances - 1, 0);
	harness->is_coherent = harness_sees_caches(harness);
	for (i = 0; i < instances; i++)
		harness->instances[i].registers =
			harness->registers + (1 + i) * HARNESS_PAGE_BYTES;
	return 0;
}

static void harness_free_rings(struct harness_device *harness)
{
	struct harness_instance *instance;
	unsigned int i;

	for (i = 0; i < harness->instance_count; i++) {
		instance = &harness->instances[i];
		if (instance->ring)
			dma_free_coherent(&harness->pci->dev, HARNESS_RING_BYTES, instance->ring,
					  instance->ring_address);
		instance->ring = NULL;
	}
}

static int harness_allocate_rings(struct harness_device *harness)
{
	struct harness_instance *instance;
	unsigned int i;

	for (i = 0; i < harness->instance_count; i++) {
		instance = &harness->instances[i];
		instance->ring = dma_alloc_coherent(&harness->pci->dev, HARNESS_RING_BYTES,
						    &instance->ring_address, GFP_KERNEL);
		if (!instance->ring) {
			harness_free_rings(harness);
			return -ENOMEM;
		}
		harness_write_back(harness, instance->ring, HARNESS_RING_BYTES);
		writeq(instance->ring_address, instance->registers + HARNESS_REG_RING_BASE);
		writeq(HARNESS_RING_SLOTS, instance->registers + HARNESS_REG_RING_SLOTS);
	}
	return 0;
}

/* BAR 0 and bus mastering; MSI is not there, so the line it is. */
static int harness_start_pci(struct harness_device *harness)
{
	struct pci_dev *pci = harness->pci;
	int error;

	error = pci_enable_device(pci);
	if (error)
		return error;
	if (pci_resource_len(pci, 0) < HARNESS_BAR_BYTES || !pci->irq) {
		dev_err(&pci->dev, "BAR 0 has %llu bytes, interrupt %u: expected %u, not 0\n",
			(u64)pci_resource_len(pci, 0), pci->irq, HARNESS_BAR_BYTES);
		error = -ENODEV;
		goto disable;
	}
	error = pci_request_region(pci, 0, "harness");
	if (error)
		goto disable;
	harness->registers = pci_iomap(pci, 0, HARNESS_BAR_BYTES);
	if (!harness->registers) {
		error = -ENOMEM;
		goto release;
	}
	error = dma_set_mask_and_coherent(&pci->dev, DMA_BIT_MASK(64));
	if (error)
		goto unmap;
	pci_set_master(pci);
	return 0;

unmap:
	pci_iounmap(pci, harness->registers);
release:
	pci_release_region(pci, 0);
disable:
	pci_disable_device(pci);
	return error;
}

static void harness_stop_pci(struct harness_device *harness)
{
	struct pci_dev *pci = harness->pci;

	pci_clear_master(pci);
	pci_iounmap(pci, harness->registers);
	pci_release_region(pci, 0);
	pci_disable_device(pci);
}

static int harness_start(struct harness_device *harness)
{
	int error;

	error = harness_identify(harness);
	if (error)
		return error;
	error = harness_allocate_rings(harness);
	if (error)
		return error;
	error = request_irq(harness->pci->irq, harness_interrupt, IRQF_SHARED, "harness",
			    harness);
	if (error) {
		harness_free_rings(harness);
		return error;
	}
	harness_write(harness, HARNESS_REG_INTERRUPT_ENABLE, harness->interrupt_mask);
	return 0;
}

static void harness_stop(struct harness_device *harness)
{
	harness_write(harness, HARNESS_REG_INTERRUPT_ENABLE, 0);
	harness_read(harness, HARNESS_REG_INTERRUPT_ENABLE); /* the write has arrived */
	free_irq(harness->pci->irq, harness);
	harness_free_rings(harness);
}

static int harness_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct harness_device *harness = harness_create(pci);
	int error;

	BUILD_BUG_ON(PAGE_SIZE != HARNESS_PAGE_BYTES);
	if (!harness)
		return -ENOMEM;
	error = harness_start_pci(harness);
	if (error)
		goto put;
	error = harness_start(harness);
	if (error)
		goto stop_pci;
	pci_set_drvdata(pci, harness);
	error = misc_register(&harness->misc);
	if (error)
		goto stop;
	dev_info(&pci->dev, "%u accelerators, %scoherent, interrupt %u\n",
		 harness->instance_count, harness->is_coherent ? "" : "not ", pci->irq);
	return 0;

stop:
	harness_stop(harness);
stop_pci:
	harness_stop_pci(harness);
put:
	harness_put(harness);
	return error;
}

/* Open files may outlive this; they get ENODEV and lose their mappings. */
static void harness_remove(struct pci_dev *pci)
{
	struct harness_device *harness = pci_get_drvdata(pci);
	unsigned int i;

	misc_deregister(&harness->misc);
	percpu_ref_kill(&harness->users);
	for (i = 0; i < harness->instance_count; i++)
		wake_up_all(&harness->instances[i].waiters);
	wait_for_completion(&harness->unused);
	mutex_lock(&harness->configure);
	if (harness->mapping)
		unmap_mapping_range(harness->mapping, 0, 0, 1);
	mutex_unlock(&harness->configure);
	harness_free_windows(harness, harness_settle(harness));
	harness_stop(harness);
	harness_stop_pci(harness);
	harness_put(harness);
}

static const struct pci_device_id harness_ids[] = {
	{ PCI_DEVICE(HARNESS_PCI_VENDOR, HARNESS_PCI_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, harness_ids);

static struct pci_driver harness_driver = {
	.name = "harness",
	.id_table = harness_ids,
	.probe = harness_probe,
	.remove = harness_remove,
};
module_pci_driver(harness_driver);

MODULE_DESCRIPTION("Accelerator bridge");
MODULE_LICENSE("Dual BSD/GPL");
