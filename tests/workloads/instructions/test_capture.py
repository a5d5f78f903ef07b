"""Recording: small programs in assembly, of which every instruction is known."""

import re
import shutil
import subprocess
import tempfile

import numpy as np
import pytest

from codesign.errors import MissingExtraError, UnknownNameError, WorkloadError
from codesign.workloads.instructions.capture import record as recording
from codesign.workloads.instructions.capture import tools
from codesign.workloads.instructions.capture.record import record
from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS

ROUNDS = 1000
EXIT = "mov $60, %eax\n xor %edi, %edi\n syscall\n"
LOOP = f"""
mov ${ROUNDS}, %ecx
again: mov (%rsp), %rax
add %rax, %rdx
movups (%rsp), %xmm0
mov %rdx, -8(%rsp)
dec %ecx
jnz again
{EXIT}"""
LOOP_INSTRUCTIONS = 1 + 6 * ROUNDS + 3
FILL = f"""
lea -64(%rsp), %rdi
mov $7, %ecx
rep stosb
{EXIT}"""
ENDLESS = "here: jmp here\n"
BROKEN = "ud2\n"
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
"""The stack begins below the environment's variables."""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build a static program without a library from assembly; gives its path."""
    pytest.importorskip("capstone")
    for tool in ("qemu-x86_64", "cc"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on the PATH")
    folder = tmp_path_factory.mktemp("programs")

    def build(name, text):
        source, program = folder / f"{name}.s", folder / name
        if not program.exists():
            source.write_text(f".globl _start\n_start:\n{text}\n.section .note.GNU-stack\n")
            subprocess.run(["cc", "-nostdlib", "-static", "-o", program, source], check=True, capture_output=True)
        return str(program)

    return build


@pytest.fixture(scope="module")
def loop(built):
    return record([built("loop", LOOP)], environment=ENVIRONMENT)


def test_a_short_program_is_recorded_whole(loop):
    trace = loop.trace
    assert (loop.instructions, loop.exit_code) == (LOOP_INSTRUCTIONS, 0)
    assert (trace.name, len(trace), len(trace.code)) == ("loop", LOOP_INSTRUCTIONS, 10)
    assert trace.windows.tolist() == [0]


def test_counts_are_those_of_the_program(loop):
    trace = loop.trace
    assert (trace.loads.sum(), trace.stores.sum(), trace.taken.sum()) == (2 * ROUNDS, ROUNDS, ROUNDS - 1)
    classes = np.bincount(trace.code.operation[trace.which], minlength=len(OPERATIONS))
    counted = {OPERATIONS[k]: int(count) for k, count in enumerate(classes) if count}
    assert counted == {
        "load": 2 * ROUNDS, "store": ROUNDS, "branch": ROUNDS, "int_alu": 2 * ROUNDS + 1, "move": 2, "system": 1
    }  # fmt: skip
    assert np.count_nonzero(trace.code.branch == BRANCHES.index("conditional")) == 1


def test_memory_operands(loop):
    trace = loop.trace
    top = trace.operand_address[0]
    assert trace.operand_size[:3].tolist() == [8, 16, 8]
    assert trace.operand_store[:3].tolist() == [False, False, True]
    assert (trace.operand_address.reshape(-1, 3) == [top, top, top - np.uint64(8)]).all()


def test_each_instruction_follows_the_one_before(loop):
    code, which = loop.trace.code, loop.trace.which
    elsewhere = code.address[which[1:]] != (code.address + code.length)[which[:-1]]
    np.testing.assert_array_equal(elsewhere, loop.trace.taken[:-1])


def test_windows_are_stretches_at_equal_distances(built, loop):
    windows, window = 5, 100
    period = LOOP_INSTRUCTIONS // windows
    found = record([built("loop", LOOP)], windows=windows, window=window).trace
    places = np.arange(windows) * period + (period - window) // 2
    expected = np.concatenate([np.arange(start, start + window) for start in places])
    rows = loop.trace.code.address[loop.trace.which[expected]]
    np.testing.assert_array_equal(found.code.address[found.which], rows)
    np.testing.assert_array_equal(found.taken, loop.trace.taken[expected])
    assert found.windows.tolist() == [window * k for k in range(windows)]
    assert found.loads.sum() + found.stores.sum() == len(found.operand_address)


def test_a_repeated_string_instruction_stands_once_for_each_store(built):
    trace = record([built("fill", FILL)]).trace
    string = trace.code.operation[trace.which] == OPERATIONS.index("string")
    assert trace.stores.sum() == trace.stores[string].sum() == 7
    assert np.diff(trace.operand_address.astype(np.int64)).tolist() == [1] * 6
    assert trace.windows.tolist() == [0]


def test_skip_records_one_window_and_ends_the_program(built):
    found = record([built("endless", ENDLESS)], skip=1000, window=50)
    assert (found.instructions, found.exit_code) == (None, None)
    assert len(found.trace) == 50
    assert found.trace.taken.all()


def test_two_recordings_are_equal(built, loop):
    again = record([built("loop", LOOP)], environment=ENVIRONMENT).trace
    np.testing.assert_array_equal(again.which, loop.trace.which)
    np.testing.assert_array_equal(again.operand_address, loop.trace.operand_address)


def test_another_tool_counts_the_same(built):
    needs_valgrind()
    done = subprocess.run(
        ["valgrind", "--tool=lackey", "--basic-counts=yes", built("loop", LOOP)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    count = re.search(r"guest instrs:\s+([\d,]+)", done.stderr)
    assert int(count[1].replace(",", "")) == LOOP_INSTRUCTIONS


def needs_valgrind():
    if shutil.which("valgrind") is None:
        pytest.skip("no valgrind on the PATH")


@pytest.fixture(scope="module")
def slow_loop(built):
    needs_valgrind()
    return record([built("loop", LOOP)], tool="valgrind")


def test_valgrind_records_the_same(loop, slow_loop):
    """But the stack, and what is looked up after the program's end: the last instructions, at most a page of lines."""
    ours, theirs = loop.trace, slow_loop.trace
    count = len(theirs)
    assert (slow_loop.instructions, slow_loop.exit_code) == (LOOP_INSTRUCTIONS, 0)
    assert LOOP_INSTRUCTIONS - 3 <= count <= LOOP_INSTRUCTIONS
    np.testing.assert_array_equal(theirs.code.address[theirs.which], ours.code.address[ours.which[:count]])
    np.testing.assert_array_equal(theirs.taken, ours.taken[:count])
    np.testing.assert_array_equal(theirs.loads, ours.loads[:count])
    np.testing.assert_array_equal(theirs.stores, ours.stores[:count])
    np.testing.assert_array_equal(theirs.operand_size, ours.operand_size)
    assert len(np.unique(theirs.operand_address - ours.operand_address)) == 1


def test_valgrind_records_windows(built, slow_loop):
    found = record([built("loop", LOOP)], windows=3, window=200, tool="valgrind").trace
    places = np.arange(3) * (LOOP_INSTRUCTIONS // 3) + (LOOP_INSTRUCTIONS // 3 - 200) // 2
    expected = np.concatenate([np.arange(start, start + 200) for start in places])
    whole = slow_loop.trace
    rows = whole.code.address[whole.which[expected]]
    np.testing.assert_array_equal(found.code.address[found.which], rows)
    np.testing.assert_array_equal(found.taken, whole.taken[expected])
    assert found.windows.tolist() == [0, 200, 400]


def test_valgrind_skips_and_ends_the_program(built):
    needs_valgrind()
    found = record([built("endless", ENDLESS)], skip=1000, window=50, tool="valgrind")
    assert (found.instructions, found.exit_code, len(found.trace)) == (None, None, 50)


def test_unknown_tool():
    with pytest.raises(UnknownNameError, match=r"unknown tool 'qmu' \(did you mean 'qemu'\?\); known: qemu, valgrind"):
        record(["true"], tool="qmu")


def test_no_valgrind(monkeypatch):
    pytest.importorskip("capstone")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(WorkloadError, match="recording with valgrind needs it on the PATH: apt-get install valgrind"):
        record(["true"], tool="valgrind")


def test_a_script_runs_in_its_interpreter(built, tmp_path):
    script = tmp_path / "script"
    script.write_text(f"#!{built('loop', LOOP)} first second\n")
    script.chmod(0o755)
    assert tools.program(str(script)) == [built("loop", LOOP), "first second", str(script)]
    assert record([str(script)]).instructions == LOOP_INSTRUCTIONS


def test_standard_input_exit_code_and_folder(built, tmp_path):
    (tmp_path / "given").write_text("exit 3\n")
    found = record(["sh"], standard_input=tmp_path / "given", folder=tmp_path, window=100)
    assert found.exit_code == 3
    assert found.trace.name == "sh"


def test_progress_is_told(built):
    told = []

    def watch(progress):
        told.append((progress.doing, progress.total))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record([built("endless", ENDLESS)], watch=watch)
    assert told == [("counting instructions", None)]


def test_an_interruption_leaves_nothing(built, tmp_path, monkeypatch):
    def interrupt(progress):
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        record([built("endless", ENDLESS)], watch=interrupt)
    assert not list(tmp_path.iterdir())


def test_a_program_that_is_ended_by_a_signal(built):
    with pytest.raises(WorkloadError, match=r"broken.* (broke off|did not start).*(SIGILL|signal 4)"):
        record([built("broken", "mov $1, %eax\n" + BROKEN)])


def test_a_program_that_starts_another_one(built):
    with pytest.raises(WorkloadError, match="replaced itself by another one"):
        record(["sh", "-c", f"exec {built('loop', LOOP)}"])


def test_nothing_is_recorded_after_the_end(built):
    with pytest.raises(WorkloadError, match="the program ended before the first window"):
        record([built("loop", LOOP)], skip=10 * LOOP_INSTRUCTIONS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"windows": 0}, "windows must be at least 1, found 0"),
        ({"window": -1}, "window must be at least 1, found -1"),
        ({"skip": -1}, "skip must be at least 0, found -1"),
        ({"windows": 10**6, "window": 10**6}, "are more than the 268435456 that a trace holds"),
    ],
)
def test_numbers_that_cannot_be(settings, message):
    with pytest.raises(WorkloadError, match=message):
        record(["true"], **settings)


def test_no_program_is_named():
    with pytest.raises(WorkloadError, match="a program to record must be named"):
        record([])


def test_no_such_program():
    with pytest.raises(UnknownNameError, match="there is no program 'no-such-program'"):
        tools.program("no-such-program")


@pytest.mark.parametrize(
    ("text", "message"),
    [("hello", r"is not one for x86-64 Linux \(64-bit ELF, machine 62\)"), ("#!\n", "names no interpreter")],
)
def test_files_that_are_no_program(tmp_path, text, message):
    (tmp_path / "file").write_text(text)
    (tmp_path / "file").chmod(0o755)
    with pytest.raises(WorkloadError, match=message):
        tools.program(str(tmp_path / "file"))


def test_no_emulator(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        WorkloadError, match=r"needs QEMU's user-mode emulator qemu-x86_64, .*apt-get install qemu-user"
    ):
        tools.qemu()


def test_no_compiler(monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(WorkloadError, match="needs a C compiler .*none of cc, gcc, clang is on the PATH"):
        tools.compiler()
    monkeypatch.setenv("CC", "my-cc")
    with pytest.raises(WorkloadError, match="none of my-cc is on the PATH"):
        tools.compiler()


def test_a_compiler_that_fails(built, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", "false")
    with pytest.raises(WorkloadError, match="the QEMU plugin can't be built: nothing said"):
        tools.plugin(tools.qemu())
    assert not list((tmp_path / "codesign").iterdir())


def test_the_plugin_is_built_once(built, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = tools.plugin(tools.qemu())
    monkeypatch.setenv("CC", "false")
    assert tools.plugin(tools.qemu()) == first
    assert [path.name for path in (tmp_path / "codesign").iterdir()] == [first.name]


def test_without_capstone(monkeypatch):
    monkeypatch.setattr(recording, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="recording a trace needs the package 'capstone'"):
        record(["true"])
