"""The same numbers, faster: strategies, plans, and the trial that picks one."""
