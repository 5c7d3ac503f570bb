"""Where attempts are made: on this machine, by a batch system, or only on paper.

An executor gets tasks and says which points have news; what the news is stands in the sweep's
files. It must not know what a point computes.
"""
