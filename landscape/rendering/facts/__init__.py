"""Records to words: what a caption, small print and LaTeX macros say."""
