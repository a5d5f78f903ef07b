"""load_network: names, settings and files."""

import os

import numpy as np
import pytest

from codesign.errors import UnknownNameError, WorkloadError
from codesign.workloads.catalogue import load_network, network_domain, network_names, network_settings
from codesign.workloads.settings import SETTINGS

ROW = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"


def test_names():
    assert network_names() == (
        "amoebanet-d",
        "bert-base",
        "darts",
        "deeplabv3-resnet50",
        "densenet121",
        "densenet121-keras",
        "fc-densenet",
        "fcn-resnet50",
        "llama2-13b",
        "llama2-7b",
        "llama3-8b",
        "llama3.2-1b",
        "lraspp-mobilenetv3",
        "mistral-7b",
        "mobilenetv1",
        "mobilenetv2",
        "mobilenetv3-large",
        "nasnet-a",
        "pnasnet-5",
        "r2plus1d-18",
        "resnet18",
        "resnet50",
        "resnet50-keras",
        "resnext50",
        "s3d",
        "transformer",
        "vgg16",
        "vit-b16",
    )


@pytest.mark.parametrize("name", network_names())
def test_defaults_are_what_you_get_without_settings(name):
    defaults = {setting: parameter.default for setting, parameter in SETTINGS.items()}
    assert load_network(name, **defaults) is load_network(name)


def test_equal_settings_give_the_same_object():
    plain = load_network("mobilenetv1", width=1.0, resolution=192)
    assert load_network("mobilenetv1", resolution=np.int64(192), width=1) is plain
    assert load_network("mobilenetv1", resolution=192.0, width=np.float64(1)) is plain


def test_settings_of_a_network():
    settings = network_settings("mobilenetv1")
    assert list(settings) == ["width", "resolution", "group_channels", "batch"]
    assert settings["resolution"].default == 224
    assert list(network_settings("llama2-7b")) == ["phase", "sequence", "context", "batch"]


def test_domain_for_a_model():
    assert network_domain().contains("resnet18")
    assert not network_domain().contains("resnet19")


def test_a_setting_of_the_other_phase_changes_nothing():
    assert load_network("llama2-7b", phase="prefill", context=77) is load_network("llama2-7b")
    assert load_network("llama2-7b", phase="decode", sequence=77) is load_network("llama2-7b", phase="decode")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("resnet18", {"width": 0.5}, r"'resnet18' doesn't read width \(found 0.5\); it reads resolution, batch"),
        ("bert-base", {"resolution": 192}, "'bert-base' doesn't read resolution .*; it reads sequence, batch"),
        ("resnet18", {"resolutoin": 192}, r"unknown setting 'resolutoin' \(did you mean 'resolution'\?\)"),
        ("resnet18", {"frames": 8}, r"'resnet18' doesn't read frames \(found 8\)"),
        ("s3d", {"frames": 0}, "frames = 0 is not allowed; allowed: 1 ... 4096"),
        ("resnet18", {"resolution": 0}, "resolution = 0 is not allowed; allowed: 1 ... 8192"),
        ("resnet18", {"resolution": 224.5}, "resolution = 224.5 is not allowed"),
        ("resnet18", {"resolution": "224"}, "resolution = '224' is not allowed"),
        ("resnet18", {"resolution": float("nan")}, "resolution = nan is not allowed"),
        ("resnet18", {"batch": True}, "batch = True is not allowed"),
        ("llama2-7b", {"phase": "training"}, "phase = 'training' is not allowed; allowed: {prefill, decode}"),
    ],
)
def test_wrong_settings(name, settings, message):
    with pytest.raises(WorkloadError, match=message):
        load_network(name, **settings)


def test_unknown_names():
    with pytest.raises(
        UnknownNameError, match=r"unknown network 'resnet-18' \(did you mean 'resnet18'\?\); known: amoebanet-d"
    ):
        load_network("resnet-18")
    with pytest.raises(UnknownNameError, match=r"'nowhere.onnx' does not exist"):
        load_network("nowhere.onnx")
    with pytest.raises(UnknownNameError, match=r"or a file \.csv or \.onnx"):
        network_settings("net.yaml")


def test_a_topology_file_is_read_and_kept(tmp_path):
    path = tmp_path / "small.CSV"
    path.write_text(ROW + "one,8,8,3,3,4,5,1,\n")
    network = load_network(str(path))
    assert network.name == "small"
    assert network.macs == 36 * 9 * 4 * 5
    assert load_network(str(path)) is network
    with pytest.raises(WorkloadError, match=r"doesn't read batch \(found 2\); it reads no settings"):
        load_network(str(path), batch=2)


def test_a_changed_file_is_read_again(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(ROW + "one,8,8,3,3,4,5,1,\n")
    before = load_network(str(path))
    path.write_text(ROW + "one,9,9,3,3,4,5,1,\n")
    os.utime(path, ns=(1, 1))
    assert load_network(str(path)).macs > before.macs
