"""LLaMA and its like: a decoder-only language model, on a whole prompt (prefill) or on one token (decode)."""

from __future__ import annotations

from functools import partial

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.language.models import LanguageModel, language_model
from codesign.workloads.zoo.entry import ZooNetwork
from codesign.workloads.zoo.transformer import INDEX_BITS, attend, split_heads

LLAMA2_7B = "llama2-7b"
OTHERS = ("llama2-13b", "llama3-8b", "llama3.2-1b", "mistral-7b")
"""Language models of the same structure: gated, one expert, no biases, rotated positions."""


def llama(name: str, phase: str, batch: int, sequence: int, context: int) -> Network:
    """Return a language model of LLaMA's structure.

    ``prefill`` runs ``sequence`` tokens at once; only the last one goes through the output projection, as serving does.
    ``decode`` runs one token, which attends to ``context`` tokens, itself included: each block reads a cache of
    ``context - 1`` keys and values (inputs of the network). The new keys and values are outputs in both phases.
    Causal masks and sliding windows aren't used to save work: all of the scores are computed. Query heads that share a
    key head are rows of one product with its keys.
    """
    model = language_model(name)
    decode = phase == "decode"
    tokens, cached = (1, context - 1) if decode else (sequence, 0)
    length = f"context={context}" if decode else f"sequence={sequence}"
    net = NetworkBuilder(f"{name}(phase={phase}, {length}, batch={batch})")
    flow = net.embedding(
        net.input("tokens", batch, tokens, bits=INDEX_BITS), model.vocabulary, model.hidden, name="words"
    )
    outputs: list[str] = []
    for block in range(model.blocks):
        flow, key, value = _block(net, model, flow, cached, f"block{block}")
        outputs += [key, value]
    flow = net.norm("rms_norm", flow, name="norm")
    last = net.operator("slice", [flow], (batch, model.hidden), name="last_token")
    table = "words.weight" if model.tied else None
    return net.build(*outputs, net.linear(last, model.vocabulary, bias=False, table=table, name="head"))


def _block(net: NetworkBuilder, model: LanguageModel, source: str, cached: int, name: str) -> tuple[str, str, str]:
    """Return the block's output and its new keys and values."""
    normed = net.norm("rms_norm", source, name=f"{name}.attention.norm")
    heads = {"query": model.heads, "key": model.kv_heads, "value": model.kv_heads}
    query, key, value = (
        split_heads(
            net,
            net.linear(normed, count * model.head_width, bias=False, name=f"{name}.{part}"),
            count,
            f"{name}.{part}",
        )
        for part, count in heads.items()
    )
    query = net.elementwise("rotary_embedding", query, name=f"{name}.query.rotated")
    key = net.elementwise("rotary_embedding", key, name=f"{name}.key.rotated")
    keys, values = (_with_cache(net, part, cached) for part in (key, value))
    attended = _attend(net, model, query, keys, values, f"{name}.attention")
    flow = net.add(net.linear(attended, model.hidden, bias=False, name=f"{name}.out"), source)
    normed = net.norm("rms_norm", flow, name=f"{name}.norm")
    gate = net.elementwise(
        "silu", net.linear(normed, model.inner, bias=False, name=f"{name}.gate"), name=f"{name}.silu"
    )
    gated = net.elementwise("multiply", gate, net.linear(normed, model.inner, bias=False, name=f"{name}.up"))
    return net.add(net.linear(gated, model.hidden, bias=False, name=f"{name}.down"), flow), key, value


def _attend(net: NetworkBuilder, model: LanguageModel, query: str, keys: str, values: str, name: str) -> str:
    """Return what the heads attend to, joined: batch x tokens x query_width."""
    if model.kv_heads == model.heads:
        return attend(net, query, keys, values, name)
    batch, heads, tokens, depth = net.shape(query)
    shared = heads // model.kv_heads
    grouped = net.reshape(query, batch, model.kv_heads, shared * tokens, depth, name=f"{name}.grouped")
    transposed = net.transpose(keys, 0, 1, 3, 2, name=f"{name}.key_transposed")
    scores = net.matmul(grouped, transposed, name=f"{name}.scores")
    weights = net.operator("softmax", [scores], net.shape(scores), {"axis": -1}, f"{name}.softmax")
    attended = net.matmul(weights, values, name=f"{name}.values")
    apart = net.reshape(attended, batch, heads, tokens, depth, name=f"{name}.apart")
    joined = net.transpose(apart, 0, 2, 1, 3, name=f"{name}.together")
    return net.reshape(joined, batch, tokens, heads * depth, name=f"{name}.joined")


def _with_cache(net: NetworkBuilder, new: str, cached: int) -> str:
    if cached == 0:
        return new
    batch, heads, _, depth = net.shape(new)
    return net.concat([net.input(f"{new}.cache", batch, heads, cached, depth), new], axis=2, name=f"{new}.all")


def _entry(name: str, source: str) -> ZooNetwork:
    return ZooNetwork(
        name,
        ("phase", "sequence", "context", "batch"),
        partial(llama, name),
        source,
        only_in_phase={"sequence": "prefill", "context": "decode"},
    )


NETWORKS = (
    _entry(LLAMA2_7B, "Touvron et al., Llama 2, arXiv:2307.09288; sizes of the released 7B model"),
    *(_entry(name, language_model(name).source) for name in OTHERS),
)
