"""Reads an ONNX model as an operator graph. Needs the optional package ``onnx``; weights' values are never read."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from codesign.errors import MissingExtraError, UnknownNameError, WorkloadError, nearest
from codesign.workloads.graph import Network
from codesign.workloads.onnx_graph import OnnxGraph

DEFAULT_BATCH = 1


def read_onnx(
    path: str,
    *,
    batch: int = DEFAULT_BATCH,
    dimensions: Mapping[str, int] | None = None,
    bits: int | None = None,
) -> Network:
    """Read an ONNX file.

    Shapes are inferred by ONNX. What only computes shapes, and what works on constants alone, is left out; a constant
    of one element is part of the operator that reads it; ``Identity`` and ``Dropout`` vanish. An operator that isn't
    known stays in the graph under its name in lower case. ``Network.uncounted`` lists operators whose multiplications
    no layer counts (kernels over frames as well as rows or columns, recurrent cells, bodies of loops, ...). A product
    whose *left* side is stored is a ``matmul``: its MACs count, its weights are no ``weight_words``.

    Args:
        path: of the file; external weight files needn't be there.
        batch: value of the first dimension of the inputs where it is symbolic.
        dimensions: values of other symbolic dimensions, by their name; one without a name is ``input[axis]``.
        bits: of every tensor; None takes the widths of the element types in the file.

    Raises:
        MissingExtraError: the package ``onnx`` is not installed.
        UnknownNameError: no such file.
        WorkloadError: not an ONNX file, a symbolic dimension without a value, a tensor whose shape can't be inferred,
            or a batch other than the one that is fixed in the file.
    """
    onnx = _onnx()
    if not os.path.isfile(path):
        raise UnknownNameError(f"the ONNX file {path!r} does not exist")
    decode_error = importlib.import_module("google.protobuf.message").DecodeError
    try:
        model = onnx.load(path, load_external_data=False)
    except (decode_error, OSError) as error:
        raise WorkloadError(f"{path}: can't be read as an ONNX model: {error}") from error
    network = network_of_model(model, path, batch=batch, dimensions=dimensions, bits=bits)
    return replace(network, name=os.path.splitext(os.path.basename(path))[0])


def network_of_model(
    model: Any,
    name: str = "",
    *,
    batch: int = DEFAULT_BATCH,
    dimensions: Mapping[str, int] | None = None,
    bits: int | None = None,
) -> Network:
    """Return the network of an ``onnx.ModelProto``; see ``read_onnx``. The model itself isn't changed."""
    onnx = _onnx()
    where = name or model.graph.name or "ONNX model"
    if not model.graph.node:
        raise WorkloadError(f"{where}: holds no operators; is it an ONNX model?")
    copy = type(model)()
    copy.CopyFrom(model)
    _fix_dimensions(copy.graph, where, batch, dict(dimensions or {}))
    return OnnxGraph(onnx, _with_shapes(onnx, copy, where), where, bits).network()


def _onnx() -> ModuleType:
    try:
        return importlib.import_module("onnx")
    except ImportError as error:
        raise MissingExtraError("reading ONNX files", "onnx", "onnx") from error


def _with_shapes(onnx: ModuleType, model: Any, where: str) -> Any:
    """Inline the model's own functions and infer all shapes."""
    checker = importlib.import_module("onnx.checker")
    inference = importlib.import_module("onnx.shape_inference")
    try:
        if model.functions:
            model = importlib.import_module("onnx.inliner").inline_local_functions(model)
        return inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except (inference.InferenceError, checker.ValidationError, RuntimeError, ValueError) as error:
        raise WorkloadError(f"{where}: ONNX can't infer the shapes: {error}") from error


def _fix_dimensions(graph: Any, where: str, batch: int, values: dict[str, int]) -> None:
    """Write numbers for the symbolic dimensions of the inputs, and for the same symbols everywhere else."""
    if batch < 1 or any(value < 1 for value in values.values()):
        raise WorkloadError(f"{where}: batch and dimensions must be at least 1, found batch = {batch}, {values}")
    stored = {initializer.name for initializer in graph.initializer}
    inputs = [value for value in graph.input if value.name not in stored]
    symbols = _symbols(inputs, where, batch, values)
    for value in (*graph.input, *graph.output, *graph.value_info):
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param in symbols:
                dimension.dim_value = symbols[dimension.dim_param]
            elif dimension.dim_param:
                dimension.ClearField("dim_param")


def _symbols(inputs: Iterable[Any], where: str, batch: int, values: Mapping[str, int]) -> dict[str, int]:
    """Return the value of each named symbol; dimensions without a name are written here."""
    symbols: dict[str, int] = {}
    unused = set(values)
    batch_used = batch == DEFAULT_BATCH
    for value in inputs:
        for axis, dimension in enumerate(value.type.tensor_type.shape.dim):
            if dimension.dim_value > 0:
                continue
            key = dimension.dim_param or f"{value.name}[{axis}]"
            if key in values:
                number = values[key]
                unused.discard(key)
            elif key in symbols:
                number = symbols[key]
            elif axis == 0:
                number, batch_used = batch, True
            else:
                raise WorkloadError(
                    f"{where}: dimension {axis} of input {value.name!r} is the symbol {key!r}; give it a number:"
                    f" dimensions={{{key!r}: ...}}"
                )
            symbols[key] = number
            if not dimension.dim_param:
                dimension.dim_value = number
    if unused:
        wrong = min(unused)
        raise WorkloadError(
            f"{where}: no input has the symbolic dimension {wrong!r}{nearest(wrong, symbols)}; symbols:"
            f" {', '.join(symbols) or 'none'}"
        )
    if not batch_used:
        raise WorkloadError(f"{where}: the batch is fixed in the file; batch = {batch} can't be set")
    return symbols
