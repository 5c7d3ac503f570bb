"""Cycle rules: how many cycles each loop nest of the engine needs, from its loop bounds.

One rule per kernel, each a pure function of shapes and parameters in whole numbers. Constants that
the loop structure does not give are fitted; each says so and names the measurement, which is
`smaug_kernel_cycles_gem5aladdin.csv`: per-invocation cycles of published gem5-Aladdin runs of
Minerva, LeNet5 and CNN10 on SMAUG's SMV kernels, sampling level high. A cycle counts where a
functional unit is active (total - idle + upsampled in the terms of that file), so loops that only
compare or copy cost nothing there. `harness validate kernels FILE.csv` repeats the comparison.
"""
