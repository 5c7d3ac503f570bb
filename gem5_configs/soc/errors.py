# SPDX-License-Identifier: BSD-3-Clause
"""What a user can do wrong, apart from run.json's content."""


class ConfigurationError(Exception):
    """The board or this gem5 cannot do what was asked; the text says what to change."""
