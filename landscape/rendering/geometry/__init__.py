"""Records to boxes: cameras, heights, ticks, panels."""
