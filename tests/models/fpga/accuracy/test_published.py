"""Published accuracies: as printed, interpolated inside one table, or unknown with the reason; and drops by bits."""

import csv
import math
import re

import numpy as np
import pytest

from codesign.errors import UnknownNameError
from codesign.models.fpga.accuracy.predictor import Prediction
from codesign.models.fpga.accuracy.published import published_accuracy, published_rows
from codesign.models.fpga.accuracy.quantised import drop, with_drop


def test_every_row_has_its_origin():
    rows = published_rows()
    for row in rows:
        assert all((row.network, row.method, row.dataset, row.source))
        assert 2015 <= row.year <= 2026
        assert 10 < row.top1_percent < 100
        assert (row.weight_bits is None) == (row.activation_bits is None) == bool(row.bits_per_layer)
    assert len(set(rows)) == len(rows)
    assert sum(row.network == "mobilenetv1" and "tensorflow" in row.source for row in rows) == 32
    assert sum(row.network == "mobilenetv2" and "tensorflow" in row.source for row in rows) == 22
    assert sum("HAWQ" in row.source for row in rows) == 24


@pytest.mark.parametrize(
    ("network", "arguments", "top1"),
    [
        ("mobilenetv1", {"width": 0.5, "resolution": 160}, 59.1),
        ("mobilenetv1", {"width": 0.25, "resolution": 128, "weight_bits": 8, "activation_bits": 8}, 39.9),
        ("mobilenetv2", {"width": 1.4}, 75.0),
        ("mobilenetv2", {"width": 0.35, "resolution": 96}, 45.5),
        ("mobilenetv3-small", {"weight_bits": 8, "activation_bits": 8}, 64.9),
        ("resnet50", {"weight_bits": 4, "activation_bits": 4, "method": "HAWQ"}, 74.24),
        ("resnet18", {"source": "torchvision", "method": "float"}, None),
        ("resnet18", {"source": "pytorch/vision"}, 69.76),
        ("resnet18", {"bits_per_layer": "8888888888888488884"}, 71.2),
    ],
)
def test_published_values(network, arguments, top1):
    found = published_accuracy(network, **arguments)
    assert (found.top1_percent, found.interpolated) == (top1, False)
    assert (found.reason == "") == (top1 is not None)


def test_between_four_published_networks_it_is_interpolated_and_marked():
    # The geometric means of width and (to the next whole number) of resolution: a quarter of each corner.
    found = published_accuracy("mobilenetv1", width=math.sqrt(0.25 * 0.5), resolution=143, source="tensorflow")
    assert found.interpolated
    assert found.top1_percent == pytest.approx((45.5 + 41.5 + 59.1 + 56.3) / 4, abs=0.02)
    assert len(found.rows) == 4
    assert "interpolated between 41.5 at 0.25, 128" in found.reason


def test_the_error_of_an_interpolation_is_that_of_rebuilt_rows():
    # MobileNetV1 has 2 x 2 inner rows; the worst is 0.5 at 192, from 0.25 and 0.75 at 160 and 224.
    across, along = math.log(2) / math.log(3), math.log(192 / 160) / math.log(224 / 160)
    rebuilt = (1 - across) * ((1 - along) * 45.5 + along * 49.8) + across * ((1 - along) * 65.3 + along * 68.4)
    found = published_accuracy("mobilenetv1", width=0.6, source="tensorflow")
    assert found.error == pytest.approx(61.7 - rebuilt)
    assert published_accuracy("mobilenetv1", width=0.5).error is None


def test_between_two_widths_of_one_resolution():
    found = published_accuracy("mobilenetv2", width=math.sqrt(1.3 * 1.4))
    assert found.top1_percent == pytest.approx((74.4 + 75.0) / 2)
    assert len(found.rows) == 2


def test_the_smallest_rectangle_has_four_published_corners():
    # Widths 1.3 and 1.4 were published at 224 only, so nothing encloses 1.2 at 192.
    assert published_accuracy("mobilenetv2", width=1.2, resolution=192).top1_percent is None
    found = published_accuracy("mobilenetv2", width=0.6, resolution=100)
    assert sorted({(row.width, row.resolution) for row in found.rows}) == [
        (0.5, 96),
        (0.5, 128),
        (0.75, 96),
        (0.75, 128),
    ]


@pytest.mark.parametrize(
    ("network", "arguments", "reason"),
    [
        ("mobilenetv1", {"width": 0.2}, "was not published, nor a rectangle"),
        ("mobilenetv1", {"resolution": 256}, "was not published, nor a rectangle"),
        ("mobilenetv2", {"weight_bits": 2, "activation_bits": 2}, "nobody tabulated .*2-bit weights.*known: float"),
        ("resnet18", {}, "2 published values differ, name a source or method: 71.47 .* 69.76"),
        ("resnet18", {"bits_per_layer": "8884848444444444444"}, "2 published values differ.*68.72.*68.56"),
        ("resnet18", {"bits_per_layer": "8" * 19}, "nobody tabulated"),
        ("resnet50", {"source": "nowhere"}, "no source contains 'nowhere'"),
    ],
)
def test_unknown_has_a_reason(network, arguments, reason):
    found = published_accuracy(network, **arguments)
    assert found.top1_percent is None
    assert re.search(reason, found.reason)


def test_a_network_that_nobody_tabulated_is_an_error():
    with pytest.raises(UnknownNameError, match="'mobilenetv4' is tabulated .did you mean 'mobilenetv"):
        published_accuracy("mobilenetv4")


def test_a_drop_is_measured_on_pairs_of_one_source():
    found = drop("resnet", 8, 8)
    lost = sorted(wide.top1_percent - narrow.top1_percent for wide, narrow in found.pairs)
    np.testing.assert_allclose(lost, [71.47 - 71.56, 77.72 - 77.58, 76.15 - 75.92, 69.76 - 69.494])
    assert found.median == pytest.approx((0.14 + 0.23) / 2)
    assert (found.low, found.high) == pytest.approx((-0.09, 0.266))
    # Left out one by one: medians 0.23, 0.23, 0.14, 0.14.
    assert found.error == pytest.approx((0.32 + 0.09 + 0.09 + 0.126) / 4)
    for wide, narrow in found.pairs:
        assert (wide.network, wide.width, wide.resolution, wide.source) == (
            narrow.network, narrow.width, narrow.resolution, narrow.source,
        )  # fmt: skip


def test_mobilenets_lose_more_by_eight_bits_than_resnets():
    mobile = drop("mobilenet", 8, 8)
    assert len(mobile.pairs) == 21
    assert mobile.low < mobile.median < mobile.high
    assert mobile.median > drop("resnet", 8, 8).high


def test_a_drop_without_pairs_is_unknown():
    found = drop("mobilenet", 2, 2)
    assert (found.median, found.low, found.high, found.error, found.pairs) == (None, None, None, None, ())
    assert "0 tabulated networks of the family mobilenet" in found.reason
    with pytest.raises(UnknownNameError, match="unknown family 'mobilnet' .did you mean 'mobilenet'"):
        drop("mobilnet", 8, 8)


def prediction():
    values = np.array([60.0, 70.0])
    return Prediction(
        values, values - 1, values + 2, np.array([True, False]), ("", "outside"), 0.9, 0.8, 0.5, 99, "here"
    )


def test_a_prediction_is_lowered_and_widened_by_a_drop():
    lost = drop("mobilenet", 8, 8)
    found = with_drop(prediction(), lost)
    np.testing.assert_allclose(found.mean, np.array([60.0, 70.0]) - lost.median)
    np.testing.assert_allclose(found.high - found.low, 3 + lost.high - lost.low)
    assert found.source.startswith("here; 8-bit weights, 8-bit activations: less the drop of 21 published mobilenet")
    assert (found.in_domain.tolist(), found.reasons, found.kendall_tau) == ([True, False], ("", "outside"), 0.8)


def test_a_prediction_with_an_unknown_drop_is_unknown():
    found = with_drop(prediction(), drop("mobilenet", 3, 3))
    assert np.isnan([found.mean, found.low, found.high]).all()
    assert not found.in_domain.any()
    assert found.reasons[0].startswith("0 tabulated networks")
    assert found.reasons[1].startswith("outside; 0 tabulated")


@pytest.mark.shared
def test_our_table_has_every_row_of_hawq(shared):
    for file in ("uniform.csv", "published.csv"):
        with (shared / "reference/hawq" / file).open() as stream:
            for row in csv.DictReader(stream):
                bits = {"float": 32, "W8A8": 8, "W4A4": 4}.get(row.get("scheme"), 32)
                found = published_accuracy(
                    row["network"],
                    weight_bits=bits,
                    activation_bits=bits,
                    bits_per_layer=row.get("bits", ""),
                    source="HAWQ",
                    method=f"{row['constraint']} {row['fraction']}" if "bits" in row else "",
                )
                assert math.isclose(found.top1_percent, float(row["top1_percent"]))
