"""What the machine is, what limits it, and how many workers of which kind it gets."""
