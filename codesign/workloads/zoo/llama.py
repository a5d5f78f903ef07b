"""LLaMA: a decoder-only language model, on a whole prompt (prefill) or on one token (decode)."""

from __future__ import annotations

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork
from codesign.workloads.zoo.transformer import INDEX_BITS, attend, split_heads

BLOCKS = 32
HIDDEN = 4096
HEADS = 32
INNER = 11008
VOCABULARY = 32000


def llama2_7b(phase: str, batch: int, sequence: int, context: int) -> Network:
    """LLaMA-2-7B.

    ``prefill`` runs ``sequence`` tokens at once; only the last one goes through the output projection, as serving does.
    ``decode`` runs one token, which attends to ``context`` tokens, itself included: each block reads a cache of
    ``context - 1`` keys and values (inputs of the network). The new keys and values are outputs in both phases.
    Causal masks aren't used to save work: all of the scores are computed.
    """
    decode = phase == "decode"
    tokens, cached = (1, context - 1) if decode else (sequence, 0)
    length = f"context={context}" if decode else f"sequence={sequence}"
    net = NetworkBuilder(f"llama2-7b(phase={phase}, {length}, batch={batch})")
    flow = net.embedding(net.input("tokens", batch, tokens, bits=INDEX_BITS), VOCABULARY, HIDDEN, name="words")
    outputs: list[str] = []
    for block in range(BLOCKS):
        flow, key, value = _block(net, flow, cached, f"block{block}")
        outputs += [key, value]
    flow = net.norm("rms_norm", flow, name="norm")
    last = net.operator("slice", [flow], (batch, HIDDEN), name="last_token")
    return net.build(*outputs, net.linear(last, VOCABULARY, bias=False, name="head"))


def _block(net: NetworkBuilder, source: str, cached: int, name: str) -> tuple[str, str, str]:
    """Return the block's output and its new keys and values."""
    normed = net.norm("rms_norm", source, name=f"{name}.attention.norm")
    query, key, value = (
        split_heads(net, net.linear(normed, HIDDEN, bias=False, name=f"{name}.{part}"), HEADS, f"{name}.{part}")
        for part in ("query", "key", "value")
    )
    query = net.elementwise("rotary_embedding", query, name=f"{name}.query.rotated")
    key = net.elementwise("rotary_embedding", key, name=f"{name}.key.rotated")
    keys, values = (_with_cache(net, part, cached) for part in (key, value))
    attended = attend(net, query, keys, values, f"{name}.attention")
    flow = net.add(net.linear(attended, HIDDEN, bias=False, name=f"{name}.out"), source)
    normed = net.norm("rms_norm", flow, name=f"{name}.norm")
    gate = net.elementwise("silu", net.linear(normed, INNER, bias=False, name=f"{name}.gate"), name=f"{name}.silu")
    gated = net.elementwise("multiply", gate, net.linear(normed, INNER, bias=False, name=f"{name}.up"))
    return net.add(net.linear(gated, HIDDEN, bias=False, name=f"{name}.down"), flow), key, value


def _with_cache(net: NetworkBuilder, new: str, cached: int) -> str:
    if cached == 0:
        return new
    batch, heads, _, depth = net.shape(new)
    return net.concat([net.input(f"{new}.cache", batch, heads, cached, depth), new], axis=2, name=f"{new}.all")


NETWORKS = (
    ZooNetwork(
        "llama2-7b",
        ("phase", "sequence", "context", "batch"),
        llama2_7b,
        "Touvron et al., Llama 2, arXiv:2307.09288; sizes of the released 7B model",
        only_in_phase={"sequence": "prefill", "context": "decode"},
    ),
)
