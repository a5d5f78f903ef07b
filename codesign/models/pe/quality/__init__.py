"""What a number format costs in accuracy: published perplexities and measured quantisation errors."""
