"""Processing elements for low-bit matrix multiplication: what they are made of, cost, compute and lose in accuracy."""
