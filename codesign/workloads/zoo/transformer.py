"""Transformer encoders: BERT-base on text, ViT-B/16 on images."""

from __future__ import annotations

from codesign.errors import WorkloadError
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork

BLOCKS = 12
HIDDEN = 768
HEADS = 12
INNER = 3072
INDEX_BITS = 32

BERT_VOCABULARY = 30522
BERT_POSITIONS = 512
BERT_SEGMENTS = 2

VIT_PATCH = 16
VIT_CLASSES = 1000


def split_heads(net: NetworkBuilder, source: str, heads: int, name: str) -> str:
    """batch x tokens x hidden -> batch x heads x tokens x hidden/heads."""
    batch, tokens, hidden = net.shape(source)
    apart = net.reshape(source, batch, tokens, heads, hidden // heads, name=f"{name}.apart")
    return net.transpose(apart, 0, 2, 1, 3, name=f"{name}.heads")


def attend(net: NetworkBuilder, query: str, key: str, value: str, name: str) -> str:
    """softmax(Q K^T / sqrt(d)) V for all heads, joined again: batch x tokens x hidden.

    The scale is taken as part of the softmax; masks aren't operators.
    """
    transposed = net.transpose(key, 0, 1, 3, 2, name=f"{name}.key_transposed")
    scores = net.matmul(query, transposed, name=f"{name}.scores")
    weights = net.operator("softmax", [scores], net.shape(scores), {"axis": -1}, f"{name}.softmax")
    values = net.matmul(weights, value, name=f"{name}.values")
    batch, heads, tokens, depth = net.shape(values)
    joined = net.transpose(values, 0, 2, 1, 3, name=f"{name}.together")
    return net.reshape(joined, batch, tokens, heads * depth, name=f"{name}.joined")


def _self_attention(net: NetworkBuilder, parts: tuple[str, str, str], name: str) -> str:
    query, key, value = (
        split_heads(net, part, HEADS, f"{name}.{role}")
        for part, role in zip(parts, ("query", "key", "value"), strict=True)
    )
    return net.linear(attend(net, query, key, value, name), HIDDEN, name=f"{name}.out")


def _feed_forward(net: NetworkBuilder, source: str, name: str) -> str:
    wide = net.elementwise("gelu", net.linear(source, INNER, name=f"{name}.up"), name=f"{name}.gelu")
    return net.linear(wide, HIDDEN, name=f"{name}.down")


def bert_base(sequence: int, batch: int) -> Network:
    """Encoder and pooler of BERT-base (uncased), norms behind the sums.

    Raises:
        WorkloadError: more tokens than the 512 positions that were learnt.
    """
    if sequence > BERT_POSITIONS:
        raise WorkloadError(f"bert-base has {BERT_POSITIONS} learnt positions; sequence = {sequence} is too long")
    net = NetworkBuilder(f"bert-base(sequence={sequence}, batch={batch})")
    tokens = net.input("tokens", batch, sequence, bits=INDEX_BITS)
    segments = net.input("segments", batch, sequence, bits=INDEX_BITS)
    flow = net.add(
        net.embedding(tokens, BERT_VOCABULARY, HIDDEN, name="words"),
        net.embedding(segments, BERT_SEGMENTS, HIDDEN, name="segment"),
    )
    table = net.weight("positions.weight", BERT_POSITIONS, HIDDEN)
    flow = net.add(flow, net.operator("slice", [table], (sequence, HIDDEN), name="positions"))
    flow = net.norm("layer_norm", flow, name="embeddings.norm")
    for block in range(BLOCKS):
        name = f"block{block}"
        query, key, value = (net.linear(flow, HIDDEN, name=f"{name}.{part}") for part in ("query", "key", "value"))
        attended = _self_attention(net, (query, key, value), f"{name}.attention")
        flow = net.norm("layer_norm", net.add(attended, flow), name=f"{name}.attention.norm")
        flow = net.norm("layer_norm", net.add(_feed_forward(net, flow, name), flow), name=f"{name}.norm")
    first = net.operator("slice", [flow], (batch, HIDDEN), name="first_token")
    pooled = net.elementwise("tanh", net.linear(first, HIDDEN, name="pooler"))
    return net.build(flow, pooled)


def vit_b16(resolution: int, batch: int) -> Network:
    """ViT-B/16 with the classifier of ImageNet; one linear layer gives query, key and value, as in torchvision.

    Raises:
        WorkloadError: the image can't be cut into patches of 16 x 16.
    """
    if resolution % VIT_PATCH:
        raise WorkloadError(f"vit-b16 needs a resolution that is a multiple of {VIT_PATCH}, found {resolution}")
    net = NetworkBuilder(f"vit-b16(resolution={resolution}, batch={batch})")
    image = net.input("image", batch, 3, resolution, resolution)
    flow = net.conv(image, HIDDEN, VIT_PATCH, stride=VIT_PATCH, padding=0, norm=False, bias=True, name="patches")
    count = (resolution // VIT_PATCH) ** 2
    flow = net.transpose(net.reshape(flow, batch, HIDDEN, count), 0, 2, 1)
    token = net.operator("expand", [net.weight("class_token.weight", 1, 1, HIDDEN)], (batch, 1, HIDDEN))
    flow = net.concat([token, flow], axis=1, name="tokens")
    flow = net.add(flow, net.weight("positions.weight", 1, count + 1, HIDDEN))
    for block in range(BLOCKS):
        name = f"block{block}"
        normed = net.norm("layer_norm", flow, name=f"{name}.attention.norm")
        query, key, value = net.split(net.linear(normed, 3 * HIDDEN, name=f"{name}.qkv"), 3, name=f"{name}.parts")
        flow = net.add(_self_attention(net, (query, key, value), f"{name}.attention"), flow)
        normed = net.norm("layer_norm", flow, name=f"{name}.norm")
        flow = net.add(_feed_forward(net, normed, name), flow)
    flow = net.norm("layer_norm", flow, name="norm")
    first = net.operator("slice", [flow], (batch, HIDDEN), name="class_token_out")
    return net.build(net.linear(first, VIT_CLASSES, name="head"))


NETWORKS = (
    ZooNetwork(
        "bert-base",
        ("sequence", "batch"),
        bert_base,
        "Devlin et al., BERT, arXiv:1810.04805, section 3; sizes of bert-base-uncased",
    ),
    ZooNetwork(
        "vit-b16",
        ("resolution", "batch"),
        vit_b16,
        "Dosovitskiy et al., An Image is Worth 16x16 Words, arXiv:2010.11929, Table 1; torchvision.models.vit_b_16",
    ),
)
