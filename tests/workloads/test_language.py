"""Language models as shapes: sizes against published counts, products against the graphs of the zoo."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import UnknownNameError, WorkloadError
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.catalogue import load_network, network_names
from codesign.workloads.language.models import language_model, language_models
from codesign.workloads.language.networks import network_products
from codesign.workloads.language.products import expected_experts, phase_products, products

NAMES = tuple(language_models())
DENSE_GRAPHS = tuple(name for name in network_names() if name in language_models())


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_the_published_ones(name):
    """Within one unit of the published figure's last digit and 0.1 % for biases and norms, which aren't counted."""
    model = language_model(name)
    off = abs(model.parameters - model.parameters_published)
    assert off <= model.last_digit + 1e-3 * model.parameters_published
    assert model.source
    assert model.parameters_source
    assert 2022 <= model.year <= 2025


@pytest.mark.parametrize("name", NAMES)
def test_sizes_hang_together(name):
    model = language_model(name)
    assert model.heads % model.kv_heads == 0
    assert 1 <= model.active_experts <= model.experts
    assert model.learned_positions in (0, model.positions + 2)


def test_the_families_that_are_asked_for_are_there():
    wanted = {
        *(f"llama1-{size}" for size in ("7b", "13b", "30b", "65b")),
        *(f"llama2-{size}" for size in ("7b", "13b", "70b")),
        *("llama3-8b", "llama3-70b", "llama3.2-1b", "llama3.2-3b"),
        *(f"opt-{size}" for size in ("125m", "1.3b", "2.7b", "6.7b", "13b", "30b", "66b")),
        *(f"bitnet-{size}" for size in ("700m", "1.3b", "3b", "2b4t")),
        *("mistral-7b", "mixtral-8x7b", "phi-2", "yi-6b", "yi-34b"),
        *(f"qwen2.5-{size}" for size in ("0.5b", "1.5b", "7b", "14b", "72b")),
    }
    assert set(NAMES) == wanted


def test_a_model_by_hand():
    model = language_model("llama3-8b")
    assert model.block_weight_words == 2 * 4096 * (4096 + 1024) + 3 * 4096 * 14336
    assert model.kv_words_per_token == 2 * 32 * 1024
    assert model.parameters == 32 * model.block_weight_words + 2 * 4096 * 128256
    tied = language_model("llama3.2-1b")
    assert tied.parameters == tied.weight_words == 16 * tied.block_weight_words + 2048 * 128256


def test_an_unknown_model_is_named():
    with pytest.raises(UnknownNameError, match=r"unknown language model 'llama3-9b' \(did you mean 'llama3-8b'\?\)"):
        language_model("llama3-9b")


def test_an_unknown_phase_is_named():
    with pytest.raises(WorkloadError, match=r"unknown phase 'decoder' \(did you mean 'decode'\?\); known: prefill, de"):
        phase_products(language_model("opt-125m"), "decoder", 1, 1, 1)


@pytest.mark.parametrize("name", DENSE_GRAPHS)
@pytest.mark.parametrize(("phase", "batch"), [("prefill", 1), ("prefill", 3), ("decode", 1), ("decode", 5)])
def test_products_are_the_layers_of_the_graph(name, phase, batch):
    """Layer by layer in the first block and the head, and in all: work, weights and cache."""
    sequence, context = 24, 37
    model = language_model(name)
    graph = load_network(name, phase=phase, batch=batch, sequence=sequence, context=context)
    found = phase_products(model, phase, batch, sequence, context)
    layers = {layer.name: layer for layer in graph.layers}
    for i, product in enumerate(found.names):
        inside = "block0.attention." if product in ("scores", "values") else "block0."
        layer = layers[product if product == "head" else inside + product]
        each = (layer.batch, 1) if layer.kind == "matmul" else (1, layer.batch)
        assert found.rows[i, 0] == each[1] * layer.out_height
        assert (found.inner[i, 0], found.columns[i, 0]) == (layer.in_channels, layer.out_channels)
        blocks = 1 if product == "head" else model.blocks
        assert found.runs[i, 0] == blocks * each[0] * layer.count
        assert found.macs[i, 0] == blocks * layer.macs
    assert found.macs.sum() == graph.macs
    assert found.right_words[found.of_kind("weights")].sum() == graph.weight_words == model.weight_words
    written = sum(tensor.words for tensor in graph.outputs if tensor.name != "head")
    tokens = sequence if phase == "prefill" else 1
    assert written == batch * tokens * model.kv_words_per_token
    read = sum(tensor.words for tensor in graph.inputs if tensor.name.endswith("cache")) + written
    cached = found.of_kind("keys") | found.of_kind("values")
    assert found.right_words[cached].sum() == read


@pytest.mark.parametrize("name", NAMES)
def test_arrays_of_designs_are_the_designs_one_by_one(name):
    model = language_model(name)
    batch, sequence, context = np.array([1, 2, 64]), np.array([1, 100, 7]), np.array([5, 100, 2048])
    together = products(model, batch, sequence, context)
    for i in range(3):
        alone = products(model, batch[i], sequence[i], context[i])
        for field in ("rows", "inner", "columns", "runs", "left_words"):
            np.testing.assert_array_equal(getattr(together, field)[:, i : i + 1], getattr(alone, field))


def test_a_single_design_has_one_column():
    found = phase_products(language_model("opt-6.7b"), "decode", 1, 128, [100, 200])
    assert found.rows.shape == (len(found.names), 2)
    assert phase_products(language_model("opt-6.7b"), "decode", 1, 128, 100).rows.shape == (len(found.names), 1)


def test_a_model_without_a_gate_has_none():
    names = phase_products(language_model("opt-6.7b"), "prefill", 1, 8, 8).names
    assert names == ("query", "key", "value", "scores", "values", "out", "up", "down", "head")


def test_shared_key_heads_are_read_once():
    """llama3-8b: four query heads a key head; eight key heads of 128 words for each of 100 tokens."""
    found = phase_products(language_model("llama3-8b"), "decode", 2, 1, 100)
    scores = found.names.index("scores")
    assert found.rows[scores, 0] == 4
    assert found.right_words[scores, 0] == 32 * 2 * 8 * 100 * 128


@settings(max_examples=40)
@given(st.sampled_from(NAMES), st.integers(1, 64), st.integers(1, 300), st.integers(1, 300))
def test_work_of_a_pass_in_closed_form(name, batch, tokens, more):
    """Projections: tokens times the weights that a token passes. Attention: tokens times context, twice."""
    model = language_model(name)
    found = products(model, batch, tokens, tokens + more)
    per_token = model.blocks * (
        model.block_weight_words - (model.experts - model.active_experts) * model.expert_weight_words
    )
    weights = found.macs[found.of_kind("weights")].sum()
    expected = batch * tokens * per_token + batch * model.head_weight_words
    assert weights == pytest.approx(expected, rel=1e-12)
    attention = found.macs[~found.of_kind("weights")].sum()
    assert attention == pytest.approx(2 * model.blocks * batch * tokens * (tokens + more) * model.query_width)


def test_experts_of_one_token_and_of_many():
    mixtral = language_model("mixtral-8x7b")
    one = phase_products(mixtral, "decode", 1, 1, 1)
    up = one.names.index("up")
    assert one.rows[up, 0] == pytest.approx(1.0)
    assert one.runs[up, 0] == pytest.approx(32 * 2)
    many = phase_products(mixtral, "prefill", 1, 4096, 1)
    assert many.rows[up, 0] == pytest.approx(4096 * 2 / 8)
    assert many.runs[up, 0] == pytest.approx(32 * 8)
    assert many.right_words[many.of_kind("weights")].sum() == pytest.approx(mixtral.weight_words)


def test_expected_experts_are_those_of_random_routing():
    mixtral = language_model("mixtral-8x7b")
    random = np.random.default_rng(5)
    for tokens in (1, 2, 5):
        picks = random.random((20000, tokens, 8)).argsort(axis=2)[:, :, :2].reshape(20000, -1)
        taken = np.mean([len(set(pick)) for pick in picks.tolist()])
        assert expected_experts(mixtral, np.array([float(tokens)]))[0] == pytest.approx(taken, rel=0.01)


def test_a_dense_model_takes_its_one_expert():
    assert (expected_experts(language_model("llama2-7b"), np.array([1.0, 1000.0])) == 1.0).all()


@pytest.mark.parametrize("name", network_names())
def test_networks_as_products(name):
    network = load_network(name)
    found = network_products(network)
    assert found.rows.shape == (len(found.names), 1)
    assert found.macs.sum() == network.macs
    layers = [layer for layer in network.layers if layer.kind != "pool"]
    weights = sum(layer.weight_words * layer.count for layer in layers)
    assert found.right_words[found.of_kind("weights")].sum() == weights
    assert found.output_words.sum() == sum(layer.output_words * layer.count for layer in layers)
    second = found.right_words[found.of_kind("activations")].sum()
    assert (found.runs * found.left_words).sum() + second == sum(layer.input_words * layer.count for layer in layers)


def test_a_convolution_by_hand():
    """The first depthwise layer of MobileNetV1: 32 channels of 112 x 112, 3 x 3 taps each."""
    found = network_products(load_network("mobilenetv1", batch=2))
    i = found.names.index("dw1")
    assert found.kinds[i] == "weights"
    assert (found.rows[i, 0], found.inner[i, 0], found.columns[i, 0]) == (2 * 112 * 112, 9, 1)
    assert (found.runs[i, 0], found.left_words[i, 0]) == (32, 2 * 112 * 112)


def test_the_lowered_graph_of_a_language_model_is_its_products():
    """Equal shapes are merged there; per multiply-accumulate nothing is lost."""
    graph = network_products(load_network("llama3-8b", phase="decode", context=100, batch=3))
    direct = phase_products(language_model("llama3-8b"), "decode", 3, 1, 100)

    def work(table):
        sums = {}
        for row in np.column_stack([table.rows, table.inner, table.columns, table.macs]):
            sums[tuple(row[:3])] = sums.get(tuple(row[:3]), 0.0) + row[3]
        return sums

    assert work(graph) == work(direct)


def test_a_network_of_pools_has_no_products():
    net = NetworkBuilder("pools")
    network = net.build(net.pool(net.input("x", 1, 4, 8, 8), "max", 2, stride=2))
    with pytest.raises(WorkloadError, match="network 'pools' has no convolution and no matrix product"):
        network_products(network)
