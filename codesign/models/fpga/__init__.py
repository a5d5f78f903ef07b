"""Networks on FPGAs: resources and cycles of engines, the best accelerator by integer programming, bits, accuracy."""
