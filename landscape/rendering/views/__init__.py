"""One panel drawn."""
