"""The guest of full-system runs: a small Linux, built from a distribution's kernel source.

It owns how kernel, driver, initramfs and disks are made and kept in the user's cache. It knows no
run, no workload and no simulator: what boots here is the same for all of them, and a disk holds
files.
"""
