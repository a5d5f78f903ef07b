"""The order of networks against measurements."""

import pytest

from codesign.models.fpga.validate import latency_order
from codesign.workloads.tabular.store import import_set


def test_without_the_public_set_the_rows_say_so(monkeypatch, tmp_path):
    monkeypatch.setenv("CODESIGN_DATA", str(tmp_path))
    rows = latency_order()
    assert [row.verdict for row in rows] == ["not available"] * 2
    assert all("codesign data get accel-nasbench" in row.note for row in rows)


@pytest.mark.shared
def test_the_model_orders_networks_as_the_board_does(shared, monkeypatch, tmp_path):
    monkeypatch.setenv("CODESIGN_DATA", str(tmp_path))
    import_set("accel-nasbench", shared / "reference/nas/accel-nasbench/anb_dataset_jsons.tar.gz", tmp_path)
    model, macs = latency_order()
    assert model.ours > 0.97
    assert 0.85 < macs.ours < model.ours
