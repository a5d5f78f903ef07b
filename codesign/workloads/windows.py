"""Windows that slide over an image, a video or a sequence: kernel, stride, dilation, padding and output size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesign.errors import WorkloadError

Sizes = int | tuple[int, ...]
"""One number for all dimensions, or one for each."""
Padding = int | str | tuple[int, ...]
"""``"same"``, a number for all sides, one for each dimension, or all sides: before each dimension, then after each."""


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Padding before and after that makes the output ceil(size / stride), the odd one after.

    Source: TensorFlow, "SAME": total = max((ceil(size/stride) - 1) * stride + kernel - size, 0).
    """
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def window_outputs(size: int, kernel: int, stride: int, before: int, after: int) -> int:
    """floor((size + before + after - kernel) / stride) + 1."""
    return (size + before + after - kernel) // stride + 1


def spread(kernel: int, dilation: int) -> int:
    """Length over which the taps of a dilated kernel are spread: dilation * (kernel - 1) + 1."""
    return dilation * (kernel - 1) + 1


@dataclass(frozen=True)
class Window:
    """A window over the dimensions behind batch and channels.

    Attributes:
        kernel: taps in each dimension.
        strides: steps of the window.
        dilations: distance of neighbouring taps.
        padding: before each dimension, then after each: twice as many numbers.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: tuple[int, ...]

    def outputs(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Return the output size in each dimension; below 1 where the window doesn't fit."""
        rank = len(self.kernel)
        return tuple(
            window_outputs(
                size,
                spread(self.kernel[i], self.dilations[i]),
                self.strides[i],
                self.padding[i],
                self.padding[i + rank],
            )
            for i, size in enumerate(sizes)
        )


def window(sizes: Sequence[int], kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes = 1) -> Window:
    """Return the window over an image of the given sizes, e.g. (rows, columns), with all numbers written out.

    Raises:
        WorkloadError: one of the arguments has another number of dimensions than the image.
    """
    rank = len(sizes)
    kernels, strides, dilations = (
        _each(value, rank, what) for value, what in ((kernel, "kernel"), (stride, "stride"), (dilation, "dilation"))
    )
    if padding == "same":
        spans = [spread(*taps) for taps in zip(kernels, dilations, strict=True)]
        sides = [same_padding(*size) for size in zip(sizes, spans, strides, strict=True)]
        return Window(kernels, strides, dilations, tuple(side[i] for i in (0, 1) for side in sides))
    if isinstance(padding, str):
        raise _wrong_padding(padding, rank)
    if isinstance(padding, int):
        padding = (padding,) * rank
    if len(padding) == rank:
        padding = (*padding, *padding)
    if len(padding) != 2 * rank:
        raise _wrong_padding(padding, rank)
    return Window(kernels, strides, dilations, padding)


def _each(value: Sizes, rank: int, what: str) -> tuple[int, ...]:
    sizes = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(sizes) != rank:
        raise WorkloadError(f"{what} must be a number or {rank} numbers, one for each dimension, found {value!r}")
    return sizes


def _wrong_padding(found: Padding, rank: int) -> WorkloadError:
    return WorkloadError(
        f"padding must be 'same', a number, {rank} numbers (one for each dimension) or {2 * rank} numbers (before each"
        f" dimension, then after each), found {found!r}"
    )
