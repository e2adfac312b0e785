"""Numbers from records and objectives, each with its unit and its uncertainty. No pictures."""
