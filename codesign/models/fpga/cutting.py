"""A network is cut into calls of a template.

Layers in order form a chain as long as each reads only what the one before wrote, nothing else reads that, and the
template has a slot for it further down the pipeline. Activations and the addition of a shortcut are done by the output
stage of the chain that makes their input (the shortcut is read from DRAM); reshapes cost nothing. A layer with more
weights than a call may have is a chain of its own, split by output channels. Everything else is the processor's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from codesign.errors import WorkloadError
from codesign.models.fpga.calls import Call, NetworkCalls, ProcessorWork, Step
from codesign.models.fpga.constants import engine_constants
from codesign.models.fpga.templates import Kernel, Template
from codesign.workloads.dataflow import Operator
from codesign.workloads.graph import UNCOUNTED_KINDS, Network
from codesign.workloads.layer import Layer
from codesign.workloads.lowering import COMPUTE_KINDS
from codesign.workloads.operands import weight_of

ACTIVATIONS = frozenset(
    (
        *("relu", "relu6", "clip", "leakyrelu", "leaky_relu", "hard_swish", "hardswish", "hard_sigmoid"),
        *("hardsigmoid", "sigmoid", "silu", "swish", "tanh", "elu"),
    )
)
"""Functions of one word: a table of 2^bits entries in every output lane (see ``kernels``)."""
VIEWS = frozenset(("reshape", "flatten", "squeeze", "unsqueeze", "identity", "dropout"))
"""Other names for the same words."""


@dataclass
class _Chain:
    """Layers that will be one call (or the parts of one)."""

    steps: dict[int, tuple[Step, Layer]]
    output: str
    copies: int
    output_bits: int
    began: int
    shortcuts: int = 0
    open: bool = True


def calls_of(network: Network, template: Template, *, weight_words_per_call: int | None = None) -> NetworkCalls:
    """Cut a network into calls; bits of weights and activations are those of its tensors.

    Args:
        network: of convolutions, depthwise convolutions and linear layers, with element-wise operators and pools.
        template: the accelerator's form.
        weight_words_per_call: dense weights that a slot's buffer holds at most; None for CoDeNet's 512 x 512.

    Raises:
        WorkloadError: the template has no kernel for a layer (listed with the reason), or a single output channel of
            one has more weights than a call may have.
    """
    limit = weight_words_per_call
    if limit is None:
        limit = int(engine_constants()["weight_words_per_call"])
    return _Cutter(network, template, limit).cut()


class _Cutter:
    """Walks the operators once."""

    def __init__(self, network: Network, template: Template, limit: int) -> None:
        self.network = network
        self.template = template
        self.limit = limit
        self.layers = {layer.name: layer for layer in network.layers}
        self.chains: list[_Chain] = []
        self.made_by: dict[str, _Chain] = {}
        self.made_at: dict[str, int] = {}
        self.time = 0
        self.processor: list[ProcessorWork] = []
        self.refused: list[str] = []

    def cut(self) -> NetworkCalls:
        for operator in self.network.operators:
            if operator.kind in COMPUTE_KINDS and operator.kind != "pool":
                self._compute(operator)
            elif operator.kind in UNCOUNTED_KINDS:
                self.refused.append(f"{operator.name!r} ({operator.kind})")
            elif not self._fused(operator):
                self._on_processor(operator)
        if self.refused:
            raise WorkloadError(
                f"network {self.network.name!r}: template {self.template.name!r} has no kernel for"
                f" {len(self.refused)} operators: {', '.join(self.refused[:5])}{', ...' if self.refused[5:] else ''}"
            )
        counts: Counter[Call] = Counter()
        for chain in self.chains:
            for call in self._calls(chain):
                counts[call] += chain.copies
        return NetworkCalls(self.network.name, self.template, dict(counts), tuple(self.processor))

    def _compute(self, operator: Operator) -> None:
        layer = self.layers[operator.name]
        kind = _kind_of(operator, layer)
        place = None if kind is None else self._place(operator, layer, kind)
        if place is None:
            self.refused.append(f"{operator.name!r} ({_reason(operator, layer)})")
            return
        slot, chain = place
        step = self._step(operator, layer)
        output = operator.outputs[0]
        bits = self.network.tensor(output).bits
        if chain is None:
            self.time += 1
            chain = _Chain({}, output, layer.batch * layer.count, bits, self.time)
            self.chains.append(chain)
        chain.steps[slot] = step, layer
        chain.output, chain.output_bits = output, bits
        self.made_by[output] = chain
        self.made_at[output] = chain.began

    def _place(self, operator: Operator, layer: Layer, kind: Kernel) -> tuple[int, _Chain | None] | None:
        """Return the slot and the chain to go on with (None for a new one); None where no slot runs the kind."""
        able = [i for i, slot in enumerate(self.template.slots) if kind in slot.runs]
        if not able:
            return None
        chain = self.made_by.get(operator.inputs[0])
        if chain is not None and self._may_go_on(chain, operator, layer):
            later = [i for i in able if i > max(chain.steps)]
            if later:
                return later[0], chain
        return able[0], None

    def _may_go_on(self, chain: _Chain, operator: Operator, layer: Layer) -> bool:
        return (
            chain.open
            and chain.output == operator.inputs[0]
            and chain is self.chains[-1]
            and chain.copies == layer.batch * layer.count
            and self._private(chain.output)
            and not self._parts(layer) > 1
            and all(self._parts(before) == 1 for _, before in chain.steps.values())
        )

    def _private(self, tensor: str) -> bool:
        return self.network.tensor(tensor).role == "activation" and len(self.network.consumers(tensor)) == 1

    def _parts(self, layer: Layer) -> int:
        """Return into how many calls a layer is split so that each has at most ``limit`` dense weights."""
        if layer.depthwise:
            return 1
        each = layer.kernel_height * layer.kernel_width * layer.in_channels
        if each > self.limit:
            raise WorkloadError(
                f"network {self.network.name!r}: one output channel of {layer.name!r} has {each:,} weights, a call"
                f" may have {self.limit:,}; raise weight_words_per_call"
            )
        return -(-layer.out_channels // (self.limit // each))

    def _step(self, operator: Operator, layer: Layer) -> Step:
        return Step(
            in_channels=layer.in_channels,
            out_channels=layer.out_channels,
            kernel_height=layer.kernel_height,
            kernel_width=layer.kernel_width,
            in_height=layer.in_height,
            in_width=layer.in_width,
            out_height=layer.out_height,
            out_width=layer.out_width,
            weight_bits=self.network.tensor(weight_of(operator)).bits,
            activation_bits=self.network.tensor(operator.inputs[0]).bits,
        )

    def _fused(self, operator: Operator) -> bool:
        """Whether the output stage of a chain does the operator, or nothing has to be done."""
        sources = list(dict.fromkeys(operator.inputs))
        chains = [self.made_by[name] for name in sources if name in self.made_by]
        if operator.kind in VIEWS:
            if chains:
                self._rename(chains[0], operator, still_open=chains[0].open)
            return True
        private = [chain for chain in chains if self._private(chain.output) and chain.output in sources]
        if not private:
            return False
        if operator.kind in ACTIVATIONS and len(sources) == 1:
            self._rename(private[0], operator, still_open=private[0].open)
            return True
        shapes = {self.network.tensor(name).shape for name in sources}
        if operator.kind == "add" and len(sources) == 2 and len(shapes) == 1:
            last = max(private, key=lambda chain: chain.began)
            others = [name for name in sources if name != last.output]
            if all(self.made_at.get(name, 0) < last.began for name in others):
                last.shortcuts += 1
                self._rename(last, operator, still_open=False)
                return True
        return False

    def _rename(self, chain: _Chain, operator: Operator, *, still_open: bool) -> None:
        chain.output = operator.outputs[0]
        chain.output_bits = self.network.tensor(chain.output).bits
        chain.open = still_open
        self.made_by[chain.output] = chain
        self.made_at[chain.output] = chain.began

    def _on_processor(self, operator: Operator) -> None:
        read = sum(t.words for t in map(self.network.tensor, operator.inputs) if t.role != "weight")
        written = sum(self.network.tensor(name).words for name in operator.outputs)
        self.processor.append(ProcessorWork(operator.name, operator.kind, max(read, written)))
        self.time += 1
        self.made_at |= dict.fromkeys(operator.outputs, self.time)

    def _calls(self, chain: _Chain) -> Iterator[Call]:
        slots = sorted(chain.steps)
        last_step, last_layer = chain.steps[slots[-1]]
        parts = self._parts(last_layer)
        whole = [chain.steps[i][0] if i in chain.steps else None for i in range(len(self.template.slots))]
        for part in range(parts):
            steps = list(whole)
            if parts > 1:
                share = last_step.out_channels * (part + 1) // parts - last_step.out_channels * part // parts
                steps[slots[-1]] = replace(last_step, out_channels=share)
            yield self._call(chain, tuple(steps))

    def _call(self, chain: _Chain, steps: tuple[Step | None, ...]) -> Call:
        done = [(slot, step) for slot, step in enumerate(steps) if step is not None]
        first, last = done[0][1], done[-1][1]
        constants = engine_constants()
        load = macs = 0
        for slot, step in done:
            depthwise = chain.steps[slot][1].depthwise
            words = step.kernel_height * step.kernel_width * step.out_channels * (1 if depthwise else step.in_channels)
            load += words * step.weight_bits
            load += step.out_channels * int(constants["scale_bits"] + constants["bias_bits"])
            macs += words * step.out_pixels
        written = last.out_channels * last.out_pixels * chain.output_bits
        read = first.in_channels * first.in_pixels * first.activation_bits + chain.shortcuts * written
        return Call(steps, load, read, written, macs)


def _kind_of(operator: Operator, layer: Layer) -> Kernel | None:
    """Return the kind of kernel that runs a layer; None where there is none."""
    dilations = operator.attribute("dilations", (1,))
    if operator.kind not in ("conv", "linear") or (isinstance(dilations, tuple) and max(dilations) > 1):
        return None
    if layer.depthwise:
        return "depthwise"
    if layer.groups > 1:
        return None
    return "pointwise" if layer.kernel_height == layer.kernel_width == 1 else "window"


def _reason(operator: Operator, layer: Layer) -> str:
    dilations = operator.attribute("dilations", (1,))
    if isinstance(dilations, tuple) and max(dilations) > 1:
        return "dilated window"
    if layer.groups > 1 and not layer.depthwise:
        return f"{layer.groups} groups of several channels"
    if layer.depthwise:
        return "depthwise"
    return operator.kind if operator.kind != "conv" else f"{layer.kernel_height}x{layer.kernel_width} window"
