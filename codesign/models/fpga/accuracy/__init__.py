"""How accurate a network is: published values, a predictor with its error, and what quantisation takes away."""
