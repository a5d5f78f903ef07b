"""Tabulated network spaces: keys, design columns, graphs, counts, and the published tables."""

import gzip
import io
import json
import math
import tarfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import UnknownNameError, WorkloadError
from codesign.workloads.tabular import accel_nasbench, nas_bench_macro, spaces
from codesign.workloads.tabular.features import feature_table
from codesign.workloads.tabular.reading import read_tabular_set

MACRO, ACCEL = nas_bench_macro.NAME, accel_nasbench.NAME
PLAIN = "_".join(["e1k3l1s0"] * 7)

# xiusu/NAS-Bench-Macro, commit 61a2bfc: flops and params of six networks.
PUBLISHED_MACRO = {
    "00000000": (7713280, 387882),
    "22222222": (105660928, 2932586),
    "10000000": (12128768, 396298),
    "01000000": (14447104, 415082),
    "02012100": (47327744, 890666),
    "11111221": (65012224, 2181386),
}
# afzalxo/Accel-NASBench, commit 4260357: macs and params (millions) of two networks.
PUBLISHED_ACCEL = {
    "e1k3l3s0_e1k3l1s0_e1k5l2s0_e1k5l1s0_e4k3l1s0_e1k3l1s0_e1k3l1s0": (84.141456, 1.858544),
    "e6k3l1s0_e1k5l3s0_e6k3l2s0_e6k3l1s0_e4k3l2s0_e6k5l1s0_e4k5l2s0": (372.73264, 3.44436),
}


def accel_with(old, new):
    """The graph of the plainest network with a change in its first block."""
    return spaces.tabular_network(ACCEL, PLAIN.replace(old, new, 1))


def designs_of(space):
    return st.fixed_dictionaries({name: st.sampled_from(space.choices(name)) for name in space.columns})


@pytest.mark.parametrize(("key", "published"), PUBLISHED_MACRO.items())
def test_counts_of_nas_bench_macro_are_the_published_ones(key, published):
    network = spaces.tabular_network(MACRO, key)
    assert (network.macs, network.parameters) == published


@pytest.mark.parametrize(("key", "published"), PUBLISHED_ACCEL.items())
def test_counts_of_accel_nasbench_are_the_published_ones(key, published):
    network = spaces.tabular_network(ACCEL, key)
    assert (accel_nasbench.profiled_macs(network) / 1e6, network.parameters / 1e6) == published


def test_the_profiler_adds_norms_and_pools_to_the_multiply_accumulates():
    network = spaces.tabular_network(MACRO, "00000000")
    # One batch norm an image size, and the last layer's; one pool of 16 taps.
    norms = 32 * 1024 + 64 * 256 + 128 * 64 + 256 * 16 + 1280 * 16
    assert accel_nasbench.profiled_macs(network) == network.macs + 4 * norms + 1280 * 17


def test_what_an_identity_is_depends_on_its_place():
    names = [operator.name for operator in spaces.tabular_network(MACRO, "00000000").operators]
    assert [name for name in names if name.startswith("block")] == ["block0.down", "block2.down", "block5.down"]


def test_a_residual_joins_equal_shapes_only():
    operators = accel_with("l1", "l2").operators
    assert [operator.name for operator in operators if operator.kind == "add"] == ["block0.1.add"]


def test_squeeze_and_excitation_is_a_quarter_of_the_input_channels():
    network = accel_with("e1k3l1s0", "e6k5l1s1")
    assert network.tensor("block0.0.se.fc1.weight").shape == (8, 192, 1, 1)
    assert network.tensor("block0.0.se.fc2.weight").shape == (192, 8, 1, 1)


@pytest.mark.parametrize("name", spaces.SPACES)
@settings(max_examples=30)
@given(data=st.data())
def test_keys_and_columns_are_the_same_thing(name, data):
    space = spaces.tabular_space(name)
    rows = data.draw(st.lists(designs_of(space), min_size=1, max_size=5))
    table = pd.DataFrame(rows)
    keys = spaces.columns_to_keys(name, table)
    back = spaces.keys_to_columns(name, keys)
    assert back.reset_index(drop=True).equals(table[list(space.columns)])
    assert spaces.columns_to_keys(name, back) == keys


@pytest.mark.parametrize("name", spaces.SPACES)
@settings(max_examples=10)
@given(data=st.data())
def test_counts_of_a_table_are_those_of_its_graphs(name, data):
    table = pd.DataFrame([data.draw(designs_of(spaces.tabular_space(name))) for _ in range(3)], index=[7, 3, 5])
    found = spaces.counts(name, table)
    graphs = [spaces.tabular_network(name, key) for key in spaces.columns_to_keys(name, table)]
    assert found["macs"].tolist() == [graph.macs for graph in graphs]
    assert found["parameters"].tolist() == [graph.parameters for graph in graphs]
    assert found.index.tolist() == [7, 3, 5]


def test_features_are_the_genes_and_the_logarithms_of_the_counts():
    table = spaces.keys_to_columns(MACRO, ["00000000", "22222222"])
    found = feature_table(MACRO, table.assign(other=1))
    assert list(found.columns) == [*(f"block{i}" for i in range(8)), "log10_macs", "log10_parameters"]
    np.testing.assert_allclose(10 ** found["log10_macs"], [7713280, 105660928])
    np.testing.assert_allclose(10 ** found["log10_parameters"], [387882, 2932586])


def test_sizes_of_the_spaces():
    def size(name):
        return math.prod(parameter.domain.size for parameter in spaces.tabular_space(name).parameters.values())

    assert (size(MACRO), size(ACCEL)) == (3**8, 36**6 * 48)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: spaces.tabular_network("nas-bench-makro", "0"), UnknownNameError, "did you mean 'nas-bench-macro'"),
        (lambda: spaces.tabular_network(MACRO, "0120"), WorkloadError, "'0120' names no network .* 8 digits"),
        (lambda: spaces.tabular_network(MACRO, "01201203"), WorkloadError, "digits 0, 1 or 2"),
        (lambda: spaces.tabular_network(ACCEL, "e1k3l1s0"), WorkloadError, "1 blocks, not 7"),
        (lambda: accel_with("k3", "x3"), WorkloadError, "block 0 reads 'e1x3l1s0'"),
        (lambda: accel_with("e1", "e2"), WorkloadError, "block0_e = 2; allowed: {1, 4, 6}"),
        (lambda: accel_with("l1", "l4"), WorkloadError, "block0_l = 4; allowed: {1, 2, 3}"),
        (lambda: spaces.counts(MACRO, pd.DataFrame({"block0": ["identity"]})), WorkloadError, "no column 'block1'"),
        (
            lambda: spaces.counts(MACRO, pd.DataFrame({f"block{i}": ["mb3"] for i in range(8)})),
            WorkloadError,
            "block0 = 'mb3'; allowed: {identity, mb3_k3, mb6_k5}",
        ),
    ],
)  # fmt: skip
def test_what_names_no_network_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def macro_row(**changes):
    return {"test_acc": [50.0, 51.0, 52.0], "mean_acc": 51.0, "std": 0.8, "params": 5, "flops": 7} | changes


def accel_json(top1, latency):
    space = accel_nasbench.SPACE
    genes = {name: space.choices(name)[0] for name in space.columns}
    return {
        "architecture": genes,
        "metrics": {"val_top1": top1, "val_top5": 80.0, "train_time": 1.0},
        "model_info": {"macs": 1.5, "params": 0.25},
        "platform_perf": {"latency_zcu102": {"latency_mean": latency, "latency_std": None}, "throughput_a100": None},
    }  # fmt: skip


def archive(path, *contents):
    with tarfile.open(path, "w:gz") as tar:
        for number, content in enumerate(contents):
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(f"sets/result_{number}.json")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_a_set_of_nas_bench_macro_is_a_table_by_key(tmp_path, pack):
    file = tmp_path / "macro.json"
    file.write_bytes(pack(json.dumps({"21000000": macro_row(), "00000000": macro_row(mean_acc=40.0)}).encode()))
    found = read_tabular_set(MACRO, file)
    assert found.table.index.tolist() == ["00000000", "21000000"]
    assert found.table["top1_percent"].tolist() == [40.0, 51.0]
    row = found.published("21000000")
    assert (row["block0"], row["block1"], row["block7"]) == ("mb6_k5", "mb3_k3", "identity")
    assert (row["top1_percent_0"], row["top1_percent_2"], row["macs"], row["parameters"]) == (50.0, 52.0, 7, 5)
    with pytest.raises(UnknownNameError, match="no published network '22222222'"):
        found.published("22222222")


def test_a_network_that_accel_nasbench_has_twice_is_one_row_of_means(tmp_path):
    found = read_tabular_set(ACCEL, archive(tmp_path / "a.tar.gz", accel_json(50.0, 4.0), accel_json(52.0, None)))
    assert found.table.index.tolist() == [PLAIN]
    row = found.published(PLAIN)
    assert (row["top1_percent"], row["trainings"], row["latency_zcu102_ms"]) == (51.0, 2, 4.0)
    assert np.isnan(row["throughput_a100_fps"])
    assert np.isnan(row["latency_vck190_ms"])
    assert (row["profiled_macs"], row["parameters"]) == (1500000, 250000)


def test_a_table_that_was_read_can_be_changed_without_harm(tmp_path):
    file = archive(tmp_path / "a.tar.gz", accel_json(50.0, 4.0))
    table = read_tabular_set(ACCEL, file).table
    table.loc[PLAIN, "top1_percent"] = 0.0
    assert read_tabular_set(ACCEL, file).table["top1_percent"].tolist() == [50.0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (MACRO, b"nonsense", "not the JSON file of nas-bench-macro"),
        (MACRO, b"[]", "it holds no networks by key"),
        (MACRO, b'{"0120": {}}', "the network '0120' can't be read"),
        (MACRO, json.dumps({"00000000": macro_row(test_acc=[1.0])}).encode(), "has 1 trainings, not 3"),
        (MACRO, json.dumps({"00000000": {"test_acc": []}}).encode(), "can't be read: KeyError 'mean_acc'"),
        (ACCEL, b"nonsense", "not the archive of accel-nasbench"),
    ],
)
def test_a_file_that_is_no_set_is_refused(tmp_path, name, content, message):
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(WorkloadError, match=message):
        read_tabular_set(name, file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ((), "holds no result_"),
        (({"architecture": {}},), "result_0.json can't be read: KeyError"),
        ((b"{",), "not the archive"),
    ],
)  # fmt: skip
def test_an_archive_that_is_no_set_is_refused(tmp_path, content, message):
    with pytest.raises(WorkloadError, match=message):
        read_tabular_set(ACCEL, archive(tmp_path / "a.tar.gz", *content))


@pytest.mark.shared
def test_all_of_nas_bench_macro_has_our_counts(shared):
    found = read_tabular_set(MACRO, shared / "reference/nas/nas-bench-macro.json.gz")
    ours = spaces.counts(MACRO, found.designs)
    assert len(found.table) == 6561
    assert (ours["macs"] == found.table["macs"]).all()
    assert (ours["parameters"] == found.table["parameters"]).all()


@pytest.mark.shared
def test_all_of_accel_nasbench_has_our_counts(shared):
    found = read_tabular_set(ACCEL, shared / "reference/nas/accel-nasbench/anb_dataset_jsons.tar.gz")
    profiled = spaces.sum_over_blocks(ACCEL, found.designs, lambda network: (accel_nasbench.profiled_macs(network),))
    assert (len(found.table), found.table["trainings"].sum()) == (5125, 5138)
    assert (profiled[:, 0] == found.table["profiled_macs"]).all()
    assert (spaces.counts(ACCEL, found.designs)["parameters"] == found.table["parameters"]).all()
    assert found.table["latency_zcu102_ms"].between(1.68, 23.59).sum() == found.table["latency_zcu102_ms"].notna().sum()
