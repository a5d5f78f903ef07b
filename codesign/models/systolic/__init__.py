"""Networks on systolic arrays: ``systolic.array``."""
