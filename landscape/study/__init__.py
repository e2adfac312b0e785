"""The claims of the document, one file each, measured with the rooms above."""
