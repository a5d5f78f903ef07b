"""The class of an instruction from its mnemonic: one of ``trace.OPERATIONS``.

The classes are those in which real cores differ in latency and ports. Names are those of the Intel 64 manual in the
spelling of the disassembler; a leading ``v`` (the three-operand form) doesn't change the class.
"""

from __future__ import annotations

import re
from functools import cache

_GENERAL = {
    "int_mul": r"i?mul|mulx",
    "int_div": r"i?div",
    "shift": r"sa[lr]|sh[lr]|sh[lr]d|ro[lr]|rc[lr]|sa[rl]x|sh[rl]x|rorx",
    "lea": r"lea",
    "move": r"mov|movabs|movzx|movsx|movsxd|movbe|movnti|cbw|cwde|cdqe|cwd|cdq|cqo|xchg|leave|push|pop|pushfq?|popfq?",
    "nop": r"f?nop|pause|endbr(32|64)|prefetch\w*",
    "string": r"(movs|cmps|stos|lods|scas|ins|outs)[bwdq]",
    "system": r"syscall|sysenter|sysret\w?|int\d?|into|iret\w?|hlt|cpuid|rdtscp?|rdpmc|rdrand|rdseed|xgetbv|[mls]fence"
    r"|f?xsave\w*|f?xrstor\w*|ldmxcsr|stmxcsr|fldcw|fn?stcw|fn?stsw|fldenv|fn?stenv|fwait|ud[012]|rdfsbase|wrfsbase|in|out",
}
_VECTOR = {
    "fp_fma": r"fn?m(add|sub|addsub|subadd)\d*[ps][sd]",
    "fp_div": r"(div|sqrt|rcp|rsqrt)[ps][sd]"
    r"|fi?divr?p?|fsqrt|fp(rem1?|tan|atan)|f(sin|cos|sincos)|f2xm1|fyl2x(p1)?|fscale|fxtract",
    "fp_mul": r"mul[ps][sd]|dpp[sd]|fi?mulp?",
    "fp_add": r"(add|sub|addsub|hadd|hsub|min|max|round)[ps][sd]|cmp\w*[ps][sd]|u?comis[sd]"
    r"|fi?(add|subr?)p?|fu?comi?p*|fi?comp*|ftst|fchs|fabs|frndint|fxam",
    "convert": r"cvt\w+|fild|fistt?p?",
    "vector_move": r"mov(aps|apd|ups|upd|dqa|dqu|q|d|ss|sd|hps|hpd|lps|lpd|nt\w+|q2dq|dq2q)|lddqu|p?broadcast\w+"
    r"|maskmov\w+|pmaskmov\w+|fs?tp?|fld|fld\w+|fxch|fcmov\w+|ffreep?|fn?init|fincstp|fdecstp|emms",
    "vector_mul": r"pmul\w+|pmadd\w+|psadbw|mpsadbw|pclmul\w+|aes\w+|sha(1|256)\w+|phminposuw",
    "vector_shuffle": r"punpck\w+|unpck[lh]p[sd]|pshuf\w+|shufp[sd]|palignr|pack\w+|pmovmskb|movmskp[sd]|mov(hlps|lhps)"
    r"|mov(d|sh|sl)dup|pinsr\w|pextr\w|insertps|extractps|perm\w+|p?blend\w+|pmov[sz]x\w+|(insert|extract)[fi]128"
    r"|gather\w+|pgather\w+|psl?ldq|psrldq",
    "vector_int": r"p(add|sub|and|or|xor|cmp|min|max|avg|abs|sign|hadd|hsub|test)\w*|ps[lr][la]\w+|"
    r"(and|andn|or|xor)p[sd]|pand|pandn|por|pxor|test(ps|pd)",
}
_LATER_CLASS = "int_alu"
"""What has no class of its own: additions, logic, comparisons, conditional moves, bit counts and the like."""


@cache
def operation_class(mnemonic: str) -> str:
    """Return the class of a mnemonic without prefixes, memory operands left aside.

    A name is first looked up among the general-purpose instructions, then, without a leading ``v``, among those of
    vector and floating-point units. ``movsd`` and ``cmpsd`` name a string instruction and a vector one: here they
    are the string ones.
    """
    for kind, pattern in _GENERAL.items():
        if re.fullmatch(pattern, mnemonic):
            return kind
    return vector_class(mnemonic) or _LATER_CLASS


@cache
def vector_class(mnemonic: str) -> str | None:
    """Return the class of a mnemonic of the vector and floating-point units, None where it is none of them."""
    name = mnemonic.removeprefix("v")
    return next((kind for kind, pattern in _VECTOR.items() if re.fullmatch(pattern, name)), None)
