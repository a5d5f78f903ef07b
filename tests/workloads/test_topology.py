"""SCALE-Sim topology files, read and written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import StorageError, UnknownNameError, WorkloadError
from codesign.workloads.catalogue import load_network
from codesign.workloads.topology import TopologyRow, parse_topology, read_topology
from codesign.workloads.topology_export import format_topology, topology_rows, write_topology
from tests.workloads.strategies import layers

HEADER = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,"


def parse(*lines):
    return parse_topology("\n".join((HEADER, *lines)), "net.csv")[1]


def test_a_row():
    (row,) = parse("conv1,224,224,7,7,3,64,2,")
    assert row == TopologyRow("conv1", 224, 224, 7, 7, 3, 64, 2, 2)


@pytest.mark.parametrize(
    ("ifmap", "window", "stride", "outputs"),
    [(225, 3, 2, 112), (224, 7, 2, 110), (224, 3, 2, 112), (8, 3, 1, 6), (8, 8, 3, 1), (9, 3, 3, 3), (10, 3, 3, 4)],
)
def test_the_output_is_rounded_up(ifmap, window, stride, outputs):
    """ceil((ifmap - filter + stride) / stride): (224 - 7 + 2) / 2 = 109.5, so 110."""
    assert TopologyRow("r", ifmap, ifmap, window, window, 1, 1, stride, stride).outputs == (outputs, outputs)


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "\nc,8,9,3,2,4,5,1,\n",
        HEADER + "\nc,8,9,3,2,4,5,1\n",
        HEADER + "\r\n\r\n c , 8,9 ,3,  2,4,5,1,,,,\r\n",
        HEADER.replace(",", "\t") + "\nc\t8\t9\t3\t2\t4\t5\t1\t\n",
        "Layer, ifmap height, ifmap width, filter height, filter width, channel, num filters, strides,,,Eh,Ew,\n"
        ",,,,,,,,,,,,\nA title,\nc,8,9,3,2,4,5,1,,,6,8,\n",
        HEADER + "\nc,8,9,3,2,4,5,1,#dw\n# c,1,1,1,1,1,1,1,\n" + HEADER + "\n",
        "Layer name,IFMAP height,IFMAP width,Filter height,Filter width,Channels,Num filter,Stride height,Stride width,"
        "\nc,8,9,3,2,4,5,1,1,\n",
    ],
)
def test_variants_that_people_have(text):
    assert parse_topology(text) == ("conv", (TopologyRow("c", 8, 9, 3, 2, 4, 5, 1, 1),))


def test_columns_beyond_the_eighth_that_mean_something():
    header = HEADER.replace("Strides", "Stride Height, Stride Width, Batch Size, Sparsity")
    _, (row,) = parse_topology(header + "\nc,8,9,3,2,4,5,1,2,3,2:4,\n")
    assert (row.stride_height, row.stride_width, row.batch, row.sparsity) == (1, 2, 3, "2:4")
    assert row.outputs == (6, 5)
    assert parse("c,8,9,3,2,4,5,1,1:4,")[0].sparsity == "1:4"


def test_a_name_repeats_its_row():
    rows = parse("dw1_1ch_x32,114,114,3,3,1,1,1,", "dw1_2ch_x32,114,114,3,3,1,1,1,", "conv2_x3,8,8,1,1,1,1,1,")
    assert [row.repeat for row in rows] == [32, 1, 1], "the channels in the name must be those of the row"
    assert rows[0].macs == 32 * 112 * 112 * 9


def test_gemm():
    form, (row,) = parse_topology("Layer,M,N,K,\r\nQK,1024,512,64,\r\n")
    assert form == "gemm"
    assert row.macs == 1024 * 512 * 64
    assert row.outputs == (1024, 1)


def test_a_file_becomes_unconnected_operators(tmp_path):
    path = tmp_path / "net.csv"
    path.write_bytes(
        b"\xef\xbb\xbf" + f"{HEADER}\nc,224,224,7,7,3,64,2,\nc,8,8,1,1,4,4,1,\nDP1,9,9,3,3,6,2,1,\n".encode()
    )
    network = read_topology(str(path))
    assert network.name == "net"
    assert [operator.name for operator in network.operators] == ["c", "c (2)", "DP1"]
    first, _, depthwise = network.layers
    assert (first.in_height, first.out_height, first.pad_height) == (224, 110, 1)
    assert (depthwise.groups, depthwise.in_channels, depthwise.out_channels) == (6, 6, 12)
    assert depthwise.macs == 6 * 2 * 9 * 49


def test_gemm_becomes_linear(tmp_path):
    path = tmp_path / "net.csv"
    path.write_text("Layer, M, N, K,\nfc, 128, 10, 64,\nscores_64ch_x12, 7, 7, 64,\n")
    network = read_topology(str(path))
    assert [(layer.kind, layer.out_height, layer.count) for layer in network.layers] == [
        ("linear", 128, 1),
        ("linear", 7, 12),
    ]
    assert network.macs == 128 * 10 * 64 + 12 * 7 * 7 * 64


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["c,8,8,3,3,4,5,"], "net.csv:2: layer 'c' has 7 values, 8 are expected; missing: Strides"),
        (["ok,8,8,3,3,4,5,1,", "c,8,B,3,3,4,5,1,"], "net.csv:3: IFMAP Width is 'B'; a whole number of at least 1"),
        (["c,8,8,3,3,0,5,1,"], "net.csv:2: Channels is '0'"),
        (["c,8,8,3,3,-4,5,1,"], "net.csv:2: Channels is '-4'"),
        (["c,8,8,3,3,4,5.5,1,"], "net.csv:2: Num Filter is '5.5'"),
        (["c,8,8,,3,4,5,1,"], "net.csv:2: Filter Height is ''"),
        (["c,2,8,3,3,4,5,1,"], "net.csv:2: layer 'c': Filter Height 3 is larger than IFMAP Height 2"),
        (["c,8,2,3,3,4,5,1,"], "net.csv:2: layer 'c': Filter Width 3 is larger than IFMAP Width 2"),
        (["c,8,8,3,3,4,5,1,7,"], "net.csv:2: layer 'c' has '7' in column 9, which the header doesn't name"),
        ([",8,8,3,3,4,5,1,"], "net.csv:2: the layer has no name"),
        ([], "net.csv: has a header but no layer"),
        (["only a title,"], "net.csv: has a header but no layer"),
    ],
)
def test_errors_name_file_and_line(lines, message):
    with pytest.raises(WorkloadError, match=message):
        parse(*lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "net.csv: is empty"),
        ("c,8,8,3,3,4,5,1,\n", "net.csv:1: found 'c, 8, 8, .*the first line must be a header"),
        ("Layer, M, K, N,\nfc,1,2,3,\n", "net.csv:1: the columns are M, K, N; SCALE-Sim reads them as M, N, K"),
        ("Layer, Height, Width, Channels,\n", "net.csv:1: the header has 4 columns; 8 are expected"),
        ("Layer, M, N, K,\nfc,1,2,\n", "net.csv:2: layer 'fc' has 3 values, 4 are expected; missing: K"),
    ],
)
def test_errors_of_the_header(text, message):
    with pytest.raises(WorkloadError, match=message):
        parse_topology(text, "net.csv")


def test_errors_of_the_file(tmp_path):
    with pytest.raises(UnknownNameError, match="does not exist"):
        read_topology(str(tmp_path / "none.csv"))
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WorkloadError, match="can't be read as text"):
        read_topology(str(tmp_path / "binary.csv"))
    with pytest.raises(WorkloadError, match="can't be read as text"):
        read_topology(str(tmp_path))
    with pytest.raises(StorageError, match="can't be written"):
        write_topology(load_network("resnet18"), str(tmp_path / "no" / "such.csv"))


def test_padding_is_part_of_the_ifmap():
    rows = topology_rows(load_network("resnet18").layers)
    assert format_topology(rows[:2]).splitlines() == [
        HEADER,
        "conv1,229,229,7,7,3,64,2,",
        "layer1.0.conv1,58,58,3,3,64,64,1,",
    ]
    assert rows[0].outputs == (112, 112)


def test_depthwise_layers_both_ways():
    depthwise = load_network("mobilenetv1").layers[1:2]
    (per_channel,), (one_filter,) = topology_rows(depthwise), topology_rows(depthwise, "one_filter")
    assert format_topology([per_channel]).splitlines()[1] == "dw1_1ch_x32,114,114,3,3,1,1,1,"
    assert format_topology([one_filter]).splitlines()[1] == "dw1,114,114,3,3,32,1,1,"
    assert per_channel.macs == one_filter.macs == depthwise[0].macs


def test_groups_of_channels_are_run_one_by_one():
    (row,) = topology_rows(load_network("mobilenetv1", group_channels=4).layers[1:2])
    assert (row.channels, row.filters, row.repeat) == (4, 4, 8)


def test_heads_are_repeated_and_a_batch_of_linear_rows_is_joined():
    rows = {row.name: row for row in topology_rows(load_network("bert-base", sequence=16, batch=2).layers)}
    scores, query = rows["block0.attention.scores"], rows["block0.query"]
    assert (scores.repeat, scores.ifmap_height, scores.channels, scores.filters) == (24, 16, 64, 16)
    assert (query.repeat, query.ifmap_height) == (1, 32)


def test_pools_are_left_out():
    network = load_network("resnet18")
    assert len(topology_rows(network.layers)) == sum(layer.kind != "pool" for layer in network.layers) == 21


def test_rows_can_be_written_out():
    text = format_topology(topology_rows(load_network("mobilenetv1").layers[1:2]), expand=True)
    lines = text.splitlines()[1:]
    assert len(lines) == 32
    assert lines[31] == "dw1_31,114,114,3,3,1,1,1,"


def test_gemm_text():
    rows = topology_rows(load_network("mobilenetv1").layers[:2])
    assert format_topology(rows, "gemm").splitlines() == [
        "Layer, M, N, K,",
        "conv1,12544,32,27,",
        "dw1_9ch_x32,12544,1,9,",
    ]


def test_unknown_options():
    with pytest.raises(WorkloadError, match=r"depthwise = 'one_fliter'; allowed: .* \(did you mean 'one_filter'\?\)"):
        topology_rows([], "one_fliter")
    with pytest.raises(WorkloadError, match="form = 'yaml'; allowed: conv, gemm"):
        format_topology([], "yaml")


def test_names_that_the_format_would_misread():
    rows = parse("c_4ch_x3,8,8,1,1,4,1,1,")
    assert rows[0].repeat == 3
    once = TopologyRow("c_4ch_x3", 8, 8, 1, 1, 4, 1, 1, 1)
    text = format_topology([once])
    assert text.splitlines()[1].startswith("c_4ch_x3_4ch_x1,")
    assert parse_topology(text)[1][0].macs == once.macs


@settings(max_examples=60, deadline=None)
@given(
    st.lists(layers, min_size=1, max_size=6),
    st.sampled_from(["per_channel", "one_filter"]),
    st.sampled_from(["conv", "gemm"]),
    st.booleans(),
)
def test_round_trip(chosen, depthwise, form, expand):
    """Written and read again, a row is the same but for its name; the MACs of the layers are kept throughout."""
    rows = topology_rows(chosen, depthwise)
    assert [row.macs for row in rows] == [layer.macs for layer in chosen]
    text = format_topology(rows, form, expand)
    read_form, again = parse_topology(text)
    assert read_form == form
    assert sum(row.macs for row in again) == sum(layer.macs for layer in chosen)
    if not expand:
        assert [row.macs for row in again] == [layer.macs for layer in chosen]
    if form == "conv" and not expand:
        shape = [(r.ifmap_height, r.ifmap_width, r.channels, r.filters, r.stride_height, r.repeat) for r in rows]
        assert [
            (r.ifmap_height, r.ifmap_width, r.channels, r.filters, r.stride_height, r.repeat) for r in again
        ] == shape
        shared = [layer.batch if layer.kind == "linear" else 1 for layer in chosen]
        outputs = [(layer.out_height * rows, layer.out_width) for layer, rows in zip(chosen, shared, strict=True)]
        assert [row.outputs for row in again] == outputs


@pytest.mark.parametrize("name", ["mobilenetv1", "resnet18", "bert-base"])
@pytest.mark.parametrize("depthwise", ["per_channel", "one_filter"])
def test_networks_keep_their_macs_through_a_file(name, depthwise, tmp_path):
    path = tmp_path / f"{name}.csv"
    network = load_network(name)
    write_topology(network, str(path), depthwise=depthwise)
    again = load_network(str(path))
    assert again.macs == network.macs
    assert again.weight_words >= network.weight_words * (depthwise == "one_filter")
    assert topology_rows(again.layers)[0].repeat == topology_rows(network.layers)[0].repeat
