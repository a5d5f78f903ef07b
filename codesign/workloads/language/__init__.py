"""Language models as shapes, and networks as matrix products."""
