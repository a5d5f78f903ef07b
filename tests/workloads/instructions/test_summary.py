"""Counts of a trace made by hand."""

import math

from codesign.workloads.instructions.summary import branch_counts, operation_counts, summary
from tests.workloads.instructions.traces import loop_trace


def test_summary_of_a_loop():
    row = summary(loop_trace(10)).iloc[0]
    assert (row["trace"], row["instructions"], row["static_instructions"], row["windows"]) == ("loop", 40, 4, 1)
    assert (row["load_share"], row["store_share"], row["branch_share"]) == (0.25, 0.25, 0.25)
    assert row["taken_share"] == 0.9
    assert (row["code_lines"], row["data_lines"], row["data_pages"]) == (1, 2, 1)


def test_classes_and_kinds():
    assert operation_counts(loop_trace())["operation"].tolist() == ["int_alu", "load", "store", "branch"]
    assert operation_counts(loop_trace())["share"].tolist() == [0.25] * 4
    kinds = branch_counts(loop_trace())
    assert kinds.to_dict("records") == [{"branch": "conditional", "instructions": 3, "share": 0.25}]


def test_no_conditional_branch_has_no_share_taken():
    trace = loop_trace()
    trace.code.branch[:] = 0
    assert math.isnan(summary(trace)["taken_share"].iloc[0])
    assert branch_counts(trace).empty


def test_an_operand_across_two_lines_touches_both():
    trace = loop_trace(1)
    trace.operand_address[:] = 0x803C
    assert summary(trace)["data_lines"].iloc[0] == 2
