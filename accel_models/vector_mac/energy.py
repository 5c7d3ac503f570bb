"""Energy of the engine's actions, in Joule, at a clock of 1 ns.

Sources: units from Aladdin b4444c3, common/power_func.h (table "normalized to a commercial 40g",
rows of 1 ns): FP_SP_3STAGE_MUL, FP_SP_3STAGE_ADD, REG (per bit). Scratchpads from the CACTI-P
figures that Aladdin computes (40 nm, itrs-hp cells) for one bank: 64 KiB of fp32 cyclic over 8
banks with one 4 B port, as SMAUG's smv-accel.cfg partitions them, makes banks of 8 KiB. Leakage
is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

MULTIPLY_J = 35.32019e-12
ADD_J = 16.67880e-12
REGISTER_WORD_J = 32 * 8.999495e-15
"""One 32-bit register access."""

READ_WORD_J = 4.14883e-12
WRITE_WORD_J = 3.58904e-12
"""One 4 B word of a bank of 8 KiB with one port."""


@dataclass(frozen=True)
class Work:
    """What one command did, in actions that cost energy.

    Attributes:
        multiplications: fp32 multiplications.
        additions: fp32 additions and subtractions.
        words_read: Scratchpad words of 4 B read by the datapath or before a store.
        words_written: Scratchpad words of 4 B written by the datapath or after a load.
    """

    multiplications: int = 0
    additions: int = 0
    words_read: int = 0
    words_written: int = 0


def energies(work: Work) -> tuple[tuple[str, float, str], ...]:
    """Return (action, Joule, source) of each kind of action."""
    arithmetic = work.multiplications + work.additions
    table = "Aladdin power_func.h, 1 ns"
    cacti = "CACTI-P as called by Aladdin, bank of 8 KiB, 4 B word, one port"
    return (
        ("multiply", work.multiplications * MULTIPLY_J, f"FP_SP_3STAGE_MUL, {table}"),
        ("add", work.additions * ADD_J, f"FP_SP_3STAGE_ADD, {table}"),
        ("register", arithmetic * REGISTER_WORD_J, f"REG, one 32-bit result each, {table}"),
        ("scratchpad_read", work.words_read * READ_WORD_J, cacti),
        ("scratchpad_write", work.words_written * WRITE_WORD_J, cacti),
    )
