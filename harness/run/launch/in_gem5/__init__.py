"""What gem5's own Python loads: a module that notes exit events. It imports nothing of harness."""
