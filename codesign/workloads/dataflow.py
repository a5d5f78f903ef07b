"""The two parts of an operator graph: tensors and the operators that read and write them.

Kinds of operator and their attributes (shapes are batch first, images are batch x channels x rows x columns):

================== ============================================================================================
kind               inputs; attributes
================== ============================================================================================
conv               image, weights (out x in/groups x rows x columns), optional bias; ``strides`` and ``dilations``
                   (rows, columns), ``padding`` (top, left, bottom, right), ``groups``. A video has frames in front of
                   its rows, and so have the weights and the attributes
conv_transpose     image, weights (in x out/groups x rows x columns), optional bias; ``strides``, ``padding`` (cut off
                   the output), ``groups``
linear             ... x K, weights (K x N, or N x K if ``transposed``), optional bias: a product with stored weights
matmul             ... x M x K, ... x K x N: a product of two activations
pool               image; ``function`` (max, average), ``kernel``, ``strides``, ``padding``
pool3d             video; the same with frames in front: a node of the graph without a layer
pad, resize        image; ``padding``; ``mode``, ``source`` and ``size`` (rows, columns)
mean               image: over rows and columns, which vanish
add, multiply, ... one or two tensors, element by element (broadcasting)
relu, gelu, ...    one tensor, element by element
batch_norm         image, scale, shift; layer_norm and rms_norm the same
softmax            one tensor; ``axis``
concat             two or more tensors; ``axis``
split              one tensor into equal parts; ``axis``
reshape, transpose one tensor; views of the same words; ``order`` of the dimensions
embedding          indices, table (rows x width)
================== ============================================================================================

Any kind may have the attribute ``fused``: the kind of an element-wise operator that its output went through (see
``fusion``), and the attributes of an operator that reads stripes (see ``operands``).
A kind that isn't listed is legal: it is a node of the graph that no compute model reads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from codesign.errors import WorkloadError

Role = Literal["input", "weight", "activation", "output"]
Attribute = int | float | str | bool | tuple[int, ...]

_ROLES: tuple[str, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named array.

    Attributes:
        name: unique in its network.
        shape: all dimensions, the batch included; ``()`` is a single number.
        role: ``input`` (given from outside, also a key-value cache), ``weight`` (stored), ``activation`` (made and used
            inside), ``output`` (made inside and wanted outside).
        bits: per word.

    Raises:
        WorkloadError: a dimension or ``bits`` below 1, or an unknown role.
    """

    name: str
    shape: tuple[int, ...]
    role: Role
    bits: int = 8

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(self.shape))
        if not self.name:
            raise WorkloadError("a tensor has an empty name")
        if self.role not in _ROLES:
            raise WorkloadError(
                f"tensor {self.name!r} has the unknown role {self.role!r}; allowed: {', '.join(_ROLES)}"
            )
        for size in self.shape:
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise WorkloadError(
                    f"tensor {self.name!r} has shape {self.shape}; every dimension must be a whole number of at least 1"
                )
        if not isinstance(self.bits, int) or self.bits < 1:
            raise WorkloadError(f"tensor {self.name!r} has {self.bits!r} bits per word; at least 1 is needed")

    @property
    def words(self) -> int:
        """Product of the dimensions."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """ceil(words * bits / 8)."""
        return -(-self.words * self.bits // 8)


@dataclass(frozen=True, slots=True)
class Operator:
    """A node: what it does, which tensors it reads and which it writes.

    Attributes:
        name: unique among the operators of its network.
        kind: see the table at the top of this file.
        inputs: tensor names, weights included, in the order of the table. A name may occur twice (x * x).
        outputs: tensor names.
        attributes: given as a mapping or as pairs, kept as pairs sorted by name so that operators can be compared and
            hashed.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute] | tuple[tuple[str, Attribute], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", tuple(self.inputs))
        object.__setattr__(self, "outputs", tuple(self.outputs))
        object.__setattr__(self, "attributes", tuple(sorted(dict(self.attributes).items())))
        if not self.name:
            raise WorkloadError(f"an operator of kind {self.kind!r} has an empty name")
        if not self.kind:
            raise WorkloadError(f"operator {self.name!r} has an empty kind")
        if not self.outputs:
            raise WorkloadError(f"operator {self.name!r} writes no tensor; at least one output is needed")

    def attribute(self, name: str, default: Attribute | None = None) -> Attribute | None:
        """Return an attribute, or ``default`` where the operator hasn't got it."""
        return dict(self.attributes).get(name, default)

    def whole(self, name: str, default: int) -> int:
        """Return an attribute that is a whole number."""
        value = self.attribute(name, default)
        if not isinstance(value, int):
            raise WorkloadError(f"operator {self.name!r}: {name} must be a whole number, found {value!r}")
        return value

    def sizes(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """Return an attribute that is a list of whole numbers, as many as ``default`` has."""
        value = self.attribute(name, default)
        if not isinstance(value, tuple) or len(value) != len(default):
            raise WorkloadError(f"operator {self.name!r}: {name} must be {len(default)} whole numbers, found {value!r}")
        return value
