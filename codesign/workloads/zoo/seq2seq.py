"""The first Transformer: an encoder and a decoder that also attends to the encoder's output."""

from __future__ import annotations

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork
from codesign.workloads.zoo.transformer import INDEX_BITS, attend, split_heads

BLOCKS = 6
HIDDEN = 512
HEADS = 8
INNER = 2048
VOCABULARY = 37000
"""The paper's "about 37000" tokens of English and German."""


def transformer(sequence: int, batch: int) -> Network:
    """The base model on ``sequence`` source and as many target tokens, norms behind the sums.

    Both embeddings and the layer in front of the last softmax read one table. Positions are sinusoids, which are
    computed: kind ``positional_encoding`` scales its input and adds them. Masks aren't operators, so all scores of the
    decoder are computed.
    """
    net = NetworkBuilder(f"transformer(sequence={sequence}, batch={batch})")
    source = net.input("source", batch, sequence, bits=INDEX_BITS)
    target = net.input("target", batch, sequence, bits=INDEX_BITS)
    table = net.weight("words.weight", VOCABULARY, HIDDEN)
    memory = _embedded(net, source, table, "source")
    for block in range(BLOCKS):
        name = f"encoder{block}"
        memory = _attention(net, memory, memory, f"{name}.attention")
        memory = _feed_forward(net, memory, name)
    flow = _embedded(net, target, table, "target")
    for block in range(BLOCKS):
        name = f"decoder{block}"
        flow = _attention(net, flow, flow, f"{name}.attention")
        flow = _attention(net, flow, memory, f"{name}.cross")
        flow = _feed_forward(net, flow, name)
    flow = net.linear(flow, VOCABULARY, bias=False, table=table, name="head")
    return net.build(net.operator("softmax", [flow], net.shape(flow), {"axis": -1}, "softmax"))


def _embedded(net: NetworkBuilder, tokens: str, table: str, name: str) -> str:
    words = net.embedding(tokens, VOCABULARY, HIDDEN, table=table, name=f"{name}.words")
    return net.elementwise("positional_encoding", words, name=f"{name}.positions")


def _attention(net: NetworkBuilder, source: str, memory: str, name: str) -> str:
    """Queries of ``source`` on keys and values of ``memory``, added to ``source`` and normed."""
    query, key, value = (
        split_heads(net, net.linear(read, HIDDEN, name=f"{name}.{part}"), HEADS, f"{name}.{part}")
        for part, read in (("query", source), ("key", memory), ("value", memory))
    )
    flow = net.linear(attend(net, query, key, value, name), HIDDEN, name=f"{name}.out")
    return net.norm("layer_norm", net.add(flow, source, name=f"{name}.add"), name=f"{name}.norm")


def _feed_forward(net: NetworkBuilder, source: str, name: str) -> str:
    flow = net.elementwise("relu", net.linear(source, INNER, name=f"{name}.up"), name=f"{name}.relu")
    flow = net.linear(flow, HIDDEN, name=f"{name}.down")
    return net.norm("layer_norm", net.add(flow, source, name=f"{name}.add"), name=f"{name}.norm")


NETWORKS = (
    ZooNetwork(
        "transformer",
        ("sequence", "batch"),
        transformer,
        "Vaswani et al., Attention Is All You Need, arXiv:1706.03762, Table 3 (base) and section 3",
    ),
)
