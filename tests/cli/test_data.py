"""``codesign data``: what is listed, what is fetched, and that only the published file is ever kept."""

import gzip
import hashlib
import http.server
import json
import threading
from dataclasses import replace

import pytest

from codesign.errors import StorageError, UnknownNameError
from codesign.workloads.tabular import store
from codesign.workloads.tabular.reading import read_tabular_set

CONTENT = json.dumps(
    {"00000000": {"test_acc": [1.0, 2.0, 3.0], "mean_acc": 2.0, "std": 0.5, "params": 5, "flops": 7}}
).encode()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where public sets are kept during a test."""
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def published(monkeypatch):
    """Publish ``CONTENT`` as nas-bench-macro; gives a function that changes what is known of it."""

    def publish(**changes):
        about = {"sha256": hashlib.sha256(CONTENT).hexdigest(), "size_bytes": len(CONTENT)} | changes
        one = replace(store.public_sets()["nas-bench-macro"], **about)
        monkeypatch.setattr(store, "public_sets", lambda: {"nas-bench-macro": one})
        return one

    publish()
    return publish


@pytest.fixture
def server():
    """A web server on this machine; gives its address and a dict of path -> (promised length, bytes)."""
    pages = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path not in pages:
                self.send_error(404)
                return
            length, data = pages[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", pages
        running.shutdown()


def contents(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_every_set_has_its_origin():
    for one in store.public_sets().values():
        assert one.address.startswith("https://")
        assert len(one.sha256) == 64
        assert one.size_bytes > 0
        assert all((one.licence, one.holder, one.description, one.source, one.file))
    assert len({one.file for one in store.public_sets().values()}) == len(store.public_sets())


def test_the_list_says_what_is_here(folder, command_line):
    before = json.loads(command_line("data", "list", "--format", "json").out)
    assert [row["name"] for row in before] == list(store.public_sets())
    assert {row["here"] for row in before} == {"no"}
    assert [(row["name"], row["here"], row["licence"]) for row in before[:3]] == [
        ("nas-bench-macro", "no", "Apache-2.0"),
        ("accel-nasbench", "no", "Apache-2.0"),
        ("hw-nas-bench-360", "no", "NOASSERTION (none stated)"),
    ]
    folder.mkdir()
    (folder / "anb_dataset_jsons.tar.gz").write_text("half of it")
    after = json.loads(command_line("data", "list", "--format", "json").out)
    assert {row["name"] for row in after if row["here"] == "damaged"} == {"accel-nasbench"}
    assert "Apache-2.0" in command_line("data", "list").out


def test_a_download_is_kept_and_found(folder, published, server, command_line):
    address, pages = server
    published(address=f"{address}/set.json")
    pages["/set.json"] = len(CONTENT), CONTENT
    done = command_line("data", "get", "nas-bench-macro")
    assert (done.code, done.err) == (0, "")
    assert "SHA-256 as published; Apache-2.0, Copyright 2021 Xiu Su" in done.out
    assert contents(folder) == ["nas-bench-macro_cifar10.json"]
    assert read_tabular_set("nas-bench-macro").table["top1_percent"].tolist() == [2.0]
    pages.clear()
    again = command_line("data", "get", "nas-bench-macro")
    assert (again.code, again.out.strip().endswith("is there already")) == (0, True)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (None, "can't be downloaded from http://127.0.0.1"),
        ((len(CONTENT), CONTENT[:-1] + b" "), "is not the published nas-bench-macro: its SHA-256 is"),
        ((len(CONTENT) + 5, CONTENT + b"     "), "nothing was kept"),
        ((len(CONTENT), CONTENT[:20]), "nas-bench-macro"),
    ],
    ids=["missing", "other", "longer", "cut off"],
)
def test_what_did_not_arrive_whole_leaves_nothing(folder, published, server, command_line, page, message):
    address, pages = server
    published(address=f"{address}/set.json")
    if page is not None:
        pages["/set.json"] = page
    done = command_line("data", "get", "nas-bench-macro")
    assert done.code == 2
    assert message in done.err
    assert contents(folder) == []


def test_without_a_network_the_message_says_what_to_do(folder, published, server, command_line):
    address, _ = server
    published(address=address.rsplit(":", 1)[0] + ":1/set.json")
    done = command_line("data", "get", "nas-bench-macro")
    assert done.code == 2
    assert (
        "without a network, bring the file here by other means and run: codesign data get nas-bench-macro --from FILE"
        in done.err
    )
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress], ids=["plain", "gzip"])
def test_a_copy_is_imported(tmp_path, folder, published, command_line, pack):
    copy = tmp_path / "copy"
    copy.write_bytes(pack(CONTENT))
    assert command_line("data", "get", "nas-bench-macro", "--from", copy).code == 0
    assert (folder / "nas-bench-macro_cifar10.json").read_bytes() == CONTENT


def test_another_folder_is_used_and_named(tmp_path, folder, published, command_line):
    copy = tmp_path / "copy"
    copy.write_bytes(CONTENT)
    done = command_line("data", "get", "nas-bench-macro", "--from", copy, "--to", tmp_path / "else" / "where")
    assert contents(tmp_path / "else" / "where") == ["nas-bench-macro_cifar10.json"]
    assert f"set CODESIGN_DATA={tmp_path / 'else' / 'where'}" in done.out
    assert contents(folder) == []


@pytest.mark.parametrize(
    "data", [b"something else", gzip.compress(b"something else"), b"\x1f\x8bbroken"], ids=["other", "packed", "broken"]
)
def test_a_copy_that_is_not_the_published_file_is_refused(tmp_path, folder, published, command_line, data):
    copy = tmp_path / "copy"
    copy.write_bytes(data)
    done = command_line("data", "get", "nas-bench-macro", "--from", copy)
    assert done.code == 2
    assert f"{copy} is not the published nas-bench-macro: its SHA-256 is {hashlib.sha256(data).hexdigest()}" in done.err
    assert contents(folder) == []


def test_a_wrong_import_leaves_the_good_file(tmp_path, folder, published):
    good = store.import_set("nas-bench-macro", _file(tmp_path, CONTENT), folder)
    with pytest.raises(store.PublicSetError, match="nothing was kept"):
        store.import_set("nas-bench-macro", _file(tmp_path, b"bad"), folder)
    assert good.read_bytes() == CONTENT


def _file(folder, data):
    path = folder / "given"
    path.write_bytes(data)
    return path


def test_names_that_nothing_has(tmp_path, folder, command_line):
    done = command_line("data", "get", "nas-bench-makro")
    assert done.code == 2
    assert "unknown public set 'nas-bench-makro' (did you mean 'nas-bench-macro'?)" in done.err
    done = command_line("data", "get", "nas-bench-macro", "--from", tmp_path / "nothing")
    assert (done.code, "no such file" in done.err) == (2, True)


def test_a_set_that_is_not_here_is_asked_for(folder, published):
    with pytest.raises(store.PublicSetError, match="is not on this machine .* run: codesign data get nas-bench-macro"):
        read_tabular_set("nas-bench-macro")
    folder.mkdir()
    (folder / "nas-bench-macro_cifar10.json").write_bytes(b"changed")
    with pytest.raises(store.PublicSetError, match="is not the published nas-bench-macro; remove it"):
        read_tabular_set("nas-bench-macro")
    with pytest.raises(UnknownNameError, match="no such file"):
        read_tabular_set("nas-bench-macro", folder / "nothing")


def test_a_folder_that_can_not_be_made_is_named(tmp_path, published):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="can't be made"):
        store.import_set("nas-bench-macro", _file(tmp_path, CONTENT), tmp_path / "file" / "below")


def test_where_sets_are_kept(monkeypatch, tmp_path):
    monkeypatch.delenv(store.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store.data_folder() == tmp_path / "codesign"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store.data_folder() == tmp_path / ".cache" / "codesign"
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(tmp_path / "own"))
    assert store.data_folder() == tmp_path / "own"


@pytest.mark.shared
def test_the_published_files_are_imported(shared, folder, command_line):
    nas = shared / "reference/nas"
    for name, copy in (
        ("nas-bench-macro", nas / "nas-bench-macro.json.gz"),
        ("accel-nasbench", nas / "accel-nasbench/anb_dataset_jsons.tar.gz"),
    ):
        assert command_line("data", "get", name, "--from", copy).code == 0
    assert len(read_tabular_set("nas-bench-macro").table) == 6561
