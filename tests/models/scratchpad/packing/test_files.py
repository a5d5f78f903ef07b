"""Packing problems as CSV: what is read, what is refused, and where."""

import numpy as np
import pytest

from codesign.errors import StorageError
from codesign.models.scratchpad.packing.files import Buffers, buffers_text, read_buffers, write_buffers
from codesign.models.scratchpad.packing.packer import PackingError

HEADER = "id,lower,upper,size\n"


def write(tmp_path, text):
    file = tmp_path / "buffers.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_columns_may_stand_in_any_order(tmp_path):
    read = read_buffers(write(tmp_path, "size,upper,id,lower\n4,3,b1,0\n 5 , 9,b2 ,-3\n\n"))
    assert read.ids == ("b1", "b2")
    assert (read.lower.tolist(), read.upper.tolist(), read.size.tolist()) == ([0, -3], [3, 9], [4, 5])
    assert read.offsets is None


def test_what_is_written_is_read_again(tmp_path):
    file = tmp_path / "out.csv"
    buffers = Buffers(("a", 'b,"c"'), *(np.array(column) for column in ([0, 1], [5, 6], [7, 8], [0, 7])))
    write_buffers(file, buffers)
    read = read_buffers(file)
    assert read.ids == buffers.ids
    assert (read.lower.tolist(), read.upper.tolist(), read.size.tolist()) == ([0, 1], [5, 6], [7, 8])
    assert read.offsets.tolist() == [0, 7]
    assert file.read_text().startswith("id,lower,upper,size,offset\na,0,5,7,0\n")


def test_without_offsets_there_is_no_such_column():
    buffers = Buffers(("a",), *(np.array(column) for column in ([0], [5], [7])))
    assert buffers_text(buffers) == HEADER + "a,0,5,7\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: is empty; a header with id, lower, upper, size is needed"),
        ("\n \n", ":1: is empty"),
        (HEADER, ":1: holds a header and no buffers"),
        ("id,lower,upper\na,0,1\n", ":1: the column 'size' is missing; found: id, lower, upper; allowed: id, lower"),
        ("id,lower,uper,size\na,0,1,1\n", r":1: unknown column 'uper' \(did you mean 'upper'\?\); allowed: id, lower"),
        ("id,lower,upper,size,gaps\na,0,1,1,\n", ":1: unknown column 'gaps'"),
        ("id,id,lower,upper,size\na,a,0,1,1\n", ":1: the column 'id' appears twice"),
        (HEADER + "a,0,1\n", ":2: found 3 fields, the header has 4"),
        (HEADER + "a,0,1,1\nb,0,1,x\n", r":3: size: must be a whole number within ±2\*\*53; found 'x'"),
        (HEADER + "a,0,1,1.5\n", ":2: size: must be a whole number .* found '1.5'"),
        (HEADER + "a,0,1,\n", ":2: size: must be a whole number .* found ''"),
        (HEADER + "a,0,1,99999999999999999999\n", ":2: size: must be a whole number within"),
        (HEADER + "a,0,10000000000000000,1\n", ":2: upper: must be a whole number within"),
        (HEADER + "a,0,1,-4\n", ":2: size: must be 0 or more; found -4"),
        (HEADER + "a,4,4,1\n", r":2: upper: must be greater than lower.*found lower 4, upper 4"),
        (HEADER + "a,0,1,1\n\nb,0,1,1\na,0,1,1\n", ":5: id: 'a' was already on line 2"),
        (HEADER + ",0,1,1\n", ":2: id: is empty"),
        ("id,lower,upper,size,offset\na,0,1,1,-1\n", ":2: offset: must be 0 or more; found -1"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, text, message):
    with pytest.raises(PackingError, match=f"buffers.csv{message}"):
        read_buffers(write(tmp_path, text))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(PackingError, match="nothing.csv can't be read"):
        read_buffers(tmp_path / "nothing.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PackingError, match="binary.csv can't be read"):
        read_buffers(tmp_path / "binary.csv")


def test_files_that_cannot_be_written(tmp_path):
    with pytest.raises(StorageError, match="can't be written"):
        write_buffers(tmp_path / "no" / "folder.csv", Buffers((), *(np.zeros(0, dtype=np.int64),) * 3))
