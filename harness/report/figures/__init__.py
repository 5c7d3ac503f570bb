"""Figures as architects' papers have them, drawn by matplotlib from what `analysis` computed.

Owns looks: colours and hatches of phases (the same everywhere), sizes, fonts, and files whose
bytes depend on the data only. matplotlib is imported when a figure is drawn.
"""
