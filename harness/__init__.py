"""Where does the time of a whole inference go, and what should change in the SoC?

The packages form layers, and imports point only down:

    cli > report > run > soc > stats | compiler > kernels > graph > target | bridge > base
"""

__version__ = "0.1.0"
