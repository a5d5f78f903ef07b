"""The set ``ipc-gem5``: assembled from a repository, kept only when its checksum is known, read as tables."""

import functools
import hashlib
import http.server
import threading
import zipfile
from dataclasses import replace

import pandas as pd
import pytest

from codesign.errors import UnknownNameError, WorkloadError
from codesign.workloads.gem5 import ipc_runs
from codesign.workloads.gem5.ipc_runs import NAME, SAVED, STATISTICS, assemble, known_runs, read_ipc_runs
from codesign.workloads.tabular import store
from tests.workloads.gem5.repository import made_rows, statistics_text, write_repository


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A made-up repository; gives its folder."""
    return write_repository(tmp_path_factory.mktemp("IPC-prediction"), made_rows())


@pytest.fixture
def assembled(repository, monkeypatch, tmp_path):
    """What that repository assembles to, declared as the public set; gives its bytes."""
    data = assemble(lambda path: repository.joinpath(path).read_bytes())
    known = replace(store.public_set(NAME), sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
    monkeypatch.setattr(store, "public_sets", lambda: {NAME: known, "other": replace(known, name="other")})
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(tmp_path / "cache"))
    return data


def test_runs_are_thirteen_programs_on_three_cores_with_two_memories():
    runs = known_runs()
    assert len(runs) == runs["file"].nunique() == 74
    assert runs["program"].nunique() == 13
    assert not runs.duplicated(["program", "configuration", "memory"]).any()
    pairs = runs.groupby("program").size()
    assert pairs.drop("sssp").eq(6).all()
    assert runs.loc[runs["program"] == "sssp", "configuration"].eq("lean").all()


def test_names_that_are_misspelled_are_counted_to_their_program():
    runs = known_runs().set_index("file")["program"]
    assert (runs["bfc-22-aggressive.txt"], runs["ic-dd-base.txt"], runs["mgc-dd-base.txt"]) == ("bfs", "is", "mg")


def test_rows_are_the_statistics_of_every_core(assembled, tmp_path):
    path = tmp_path / "set.zip"
    path.write_bytes(assembled)
    runs = read_ipc_runs(path)
    made = made_rows()
    assert list(runs.rows.columns) == list(ipc_runs.ROW_COLUMNS)
    pd.testing.assert_frame_equal(
        runs.rows[["file", "core", *STATISTICS]].sort_values(["file", "core"], ignore_index=True),
        made.sort_values(["file", "core"], ignore_index=True),
        check_dtype=False,
    )
    assert len(runs.table) == 72 * 8
    assert {name: len(one) for name, one in runs.saved.items()} == dict.fromkeys(SAVED, 116)
    assert runs.saved[SAVED[2]]["predicted"].eq(0.52).all()
    runs.rows["ipc"] = 0.0
    assert read_ipc_runs(path).rows["ipc"].gt(0).all()


def test_the_same_repository_gives_the_same_bytes(assembled, repository):
    assert assemble(lambda path: repository.joinpath(path).read_bytes()) == assembled


def _packed(repository, file, around):
    with zipfile.ZipFile(file, "w") as archive:
        for path in repository.rglob("*"):
            if path.is_file():
                archive.write(path, f"{around}{path.relative_to(repository)}")
    return file


@pytest.mark.parametrize("kind", ["folder", "zip", "zip of GitHub", "assembled"])
def test_the_set_comes_from_a_copy_of_the_repository(assembled, repository, tmp_path, command_line, kind):
    copy = tmp_path / "copy.zip"
    if kind == "folder":
        copy = repository
    elif kind == "assembled":
        copy.write_bytes(assembled)
    else:
        _packed(repository, copy, "IPC-prediction-0d161a8/" if kind == "zip of GitHub" else "")
    done = command_line("data", "get", NAME, "--from", copy)
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "cache" / "ipc-gem5.zip").read_bytes() == assembled
    assert "is there already" in command_line("data", "get", NAME).out


def test_the_set_comes_from_the_web(assembled, repository, tmp_path, monkeypatch, command_line):
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=str(repository))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        known = replace(store.public_set(NAME), address=f"http://127.0.0.1:{running.server_port}/")
        monkeypatch.setattr(store, "public_sets", lambda: {NAME: known})
        done = command_line("data", "get", NAME)
        running.shutdown()
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "cache" / "ipc-gem5.zip").read_bytes() == assembled


def test_what_is_not_the_repository_is_refused(assembled, repository, tmp_path, command_line, monkeypatch):
    (tmp_path / "other").mkdir()
    (tmp_path / "text").write_text("text")
    for source, message in (
        (tmp_path / "other", "ipc-gem5 can't be assembled from it: .*stats/.*it is to be a copy of Ali and Akram"),
        (tmp_path / "text", "can't be assembled from it: no zip file with 'stats/"),
        (
            _packed(repository / "stats", tmp_path / "part.zip", "a/"),
            "no zip file with 'stats/bc-22-aggressive-lp.txt'",
        ),
    ):
        with pytest.raises(store.PublicSetError, match=message):
            store.import_set(NAME, source, tmp_path / "cache")
    with pytest.raises(UnknownNameError, match="no such file"):
        store.import_set(NAME, tmp_path / "nothing", tmp_path / "cache")
    with pytest.raises(UnknownNameError, match="no such file"):
        store.import_set("other", repository, tmp_path / "cache")
    known = replace(store.public_set(NAME), address="http://127.0.0.1:1/")
    monkeypatch.setattr(store, "public_sets", lambda: {NAME: known})
    with pytest.raises(
        store.PublicSetError, match="bring its repository here .*: codesign data get ipc-gem5 --from FO"
    ):
        store.download_set(NAME, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_repository_that_was_changed_is_refused(assembled, repository, tmp_path):
    def read(path):
        data = repository.joinpath(path).read_bytes()
        return (
            data.replace(b"system.o3Cpu3.numInsts     ", b"system.o3Cpu3.numInsts     1") if "lu-dd" in path else data
        )

    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(changed, "w") as archive:
        for path in repository.rglob("*.*"):
            name = str(path.relative_to(repository))
            if path.is_file():
                archive.writestr(name, read(name))
    with pytest.raises(store.PublicSetError, match="is not the published ipc-gem5: its SHA-256 is"):
        store.import_set(NAME, changed, tmp_path / "cache")


def test_a_statistics_file_that_is_wrong_is_named(repository):
    def reader(text):
        return lambda path: text.encode() if path.startswith("stats/") else repository.joinpath(path).read_bytes()

    one = statistics_text(made_rows().query("file == 'bt-dd-base.txt'"))
    for text, message in (
        ("", "stats/bc-22-aggressive-lp.txt: no gem5 statistics"),
        (one + one, "stats/bc-22-aggressive-lp.txt: 2 dumps of gem5 statistics; one run has one"),
        (one.replace("o3Cpu7.ipc", "o3Cpu7.ipd"), "no statistic 'system.o3Cpu7.ipc'"),
    ):
        with pytest.raises(WorkloadError, match=message):
            assemble(reader(text))


def test_a_file_that_was_not_assembled_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="no such file"):
        read_ipc_runs(tmp_path / "nothing.zip")
    (tmp_path / "text.zip").write_text("text")
    with pytest.raises(WorkloadError, match="not the file that codesign data get ipc-gem5 assembles"):
        read_ipc_runs(tmp_path / "text.zip")
    with zipfile.ZipFile(tmp_path / "half.zip", "w") as archive:
        archive.writestr("rows.csv", "a\n1\n")
    with pytest.raises(WorkloadError, match="not the file that codesign data get ipc-gem5 assembles.*output1.csv"):
        read_ipc_runs(tmp_path / "half.zip")


@pytest.mark.shared
def test_the_rows_are_those_that_were_parsed_elsewhere(shared):
    """Every core of every run, every statistic; needs the set on this machine as well."""
    path = store.stored_path(NAME)
    if path is None:
        pytest.skip(f"the set is not on this machine: codesign data get {NAME}")
    theirs = pd.read_csv(shared / "reference/cpu/gem5-paper-rows.csv")
    ours = read_ipc_runs(path).rows.merge(theirs, on=["file", "core"], suffixes=("", " theirs"), validate="1:1")
    assert len(ours) == len(theirs) == 592
    for name in STATISTICS:
        assert (ours[name] == ours[f"{name} theirs"]).all(), name
    assert (ours["configuration"] == ours["cfg"]).all()
    assert (ours["memory"].map({"ddr4_2400": "dd", "lpddr5_6400": "lp"}) == ours["mem"]).all()
    assert set(ours.loc[ours["program"] != ours["bench"], "bench"]) == {"bfc", "ic", "mgc"}
