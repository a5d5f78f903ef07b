"""What an accelerator is asked to do: calls, each running a chain of layers through the slots of a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codesign.models.fpga.templates import Template


@dataclass(frozen=True, slots=True)
class Step:
    """One layer (or the share of its output channels) in one slot of a call, for one image.

    Attributes:
        in_channels, out_channels: of this call's share. A depthwise layer has as many of each.
        kernel_height, kernel_width: taps.
        in_height, in_width: rows and columns read, without padding.
        out_height, out_width: rows and columns written.
        weight_bits, activation_bits: of a stored weight and of an input word.
    """

    in_channels: int
    out_channels: int
    kernel_height: int
    kernel_width: int
    in_height: int
    in_width: int
    out_height: int
    out_width: int
    weight_bits: int
    activation_bits: int

    @property
    def in_pixels(self) -> int:
        """Rows times columns read."""
        return self.in_height * self.in_width

    @property
    def out_pixels(self) -> int:
        """Rows times columns written."""
        return self.out_height * self.out_width

    @property
    def lead_pixels(self) -> int:
        """Input pixels that must be there before the first window can be computed: (k_h // 2) width + k_w // 2 + 1."""
        lead = self.kernel_height // 2 * self.in_width + self.kernel_width // 2 + 1
        return min(lead, self.in_pixels)


@dataclass(frozen=True, slots=True)
class Call:
    """One start of the accelerator.

    Attributes:
        steps: what each slot does, in the template's order; None where the slot is passed by.
        load_bits: weights, scales and biases, read before the pipeline starts.
        read_bits: feature maps read while it runs, the shortcut of a residual addition included.
        write_bits: feature map written while it runs.
        macs: multiply-accumulates.
    """

    steps: tuple[Step | None, ...]
    load_bits: int
    read_bits: int
    write_bits: int
    macs: int


@dataclass(frozen=True, slots=True)
class ProcessorWork:
    """An operator that no kernel runs, done by the processor.

    Attributes:
        name: of the operator.
        kind: of the operator.
        words: the larger of words read and words written.
    """

    name: str
    kind: str
    words: int


@dataclass(frozen=True)
class NetworkCalls:
    """A network cut into calls.

    Attributes:
        network: its name.
        template: whose slots the steps are in.
        counts: each distinct call and how often it is made for the network's batch.
        processor: what is left to the processor, in order.
    """

    network: str
    template: Template
    counts: Mapping[Call, int]
    processor: tuple[ProcessorWork, ...]

    @property
    def call_count(self) -> int:
        """Starts of the accelerator."""
        return sum(self.counts.values())

    @property
    def macs(self) -> int:
        """Multiply-accumulates on the accelerator."""
        return sum(call.macs * count for call, count in self.counts.items())

    @property
    def processor_words(self) -> int:
        """Words that the processor handles."""
        return sum(work.words for work in self.processor)
