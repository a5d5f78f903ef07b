"""Instruction traces: what real programs executed, where they branched and which memory they touched."""
