"""Static memory allocation: an offset for every buffer with a fixed lifetime, proven to fit or proven not to.

The front door is ``packer``; ``check`` judges a packing without the packer's code; ``files`` reads and writes CSV.
"""
