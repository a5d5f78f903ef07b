"""An array of processing elements with its buffers, memory and vector unit: cycles, traffic, energy, area."""
