"""The Verilog of every element and of the units at their edges equals the emulation, simulated by Icarus Verilog.

Running sums are fed back, so that a chain of steps is a dot product whose end the emulation gives as a whole.
"""

import numpy as np
import pytest

from codesign.models.pe.element import Configuration, Rtl
from codesign.models.pe.elements import ant, composable, integer, mixpe, olive
from codesign.models.pe.emulation.ant import split_flint, split_integer
from codesign.models.pe.emulation.composable import brick_sums, bricks
from codesign.models.pe.emulation.float_arithmetic import FP16, FP32, add, encode, flushed
from codesign.models.pe.emulation.integer import exact_sums, scaled_sum, sign_extended, wrapped
from codesign.models.pe.emulation.olive import split_abfloat
from tests.models.pe.elements_floating.simulator import simulate
from tests.models.pe.elements_integer.operands import random_codes

STEPS = 600


def running_sums(products, bits):
    """The sum before and after every step, as codes of that width; it starts at the largest positive number."""
    after = wrapped((1 << (bits - 1)) - 1 + np.cumsum(products), bits) & ((1 << bits) - 1)
    return np.concatenate([[(1 << (bits - 1)) - 1], after[:-1]]), after


def check_element(rtl, ports, products, folder):
    """Compare a chain of steps; ``ports``: name -> (width, values). Two edges: the weight is loaded, then used."""
    bits = rtl.parameters["SUM_BITS"]
    before, after = running_sums(products, bits)
    inputs = {"load_weight": (1, np.ones(STEPS, dtype=int)), "sum_in": (bits, before), **ports}
    width, weights = ports["weight_in"]
    found = simulate(rtl, inputs, {"sum": bits, "weight": width, "activation": ports["activation_in"][0]}, folder, 2)
    assert (found["sum"] == after).all()
    assert (found["weight"] == weights).all()
    assert (found["activation"] == ports["activation_in"][1]).all()


@pytest.mark.parametrize(("weight_bits", "activation_bits", "sum_bits"), [(8, 8, 32), (4, 4, 24), (8, 8, 18)])
def test_integer_element(weight_bits, activation_bits, sum_bits, tmp_path):
    rng = np.random.default_rng(1)
    a, w = random_codes(rng, activation_bits, STEPS), random_codes(rng, weight_bits, STEPS)
    element = integer.ELEMENTS[0] if weight_bits == 8 else integer.ELEMENTS[1]
    rtl = element.rtl(Configuration(weight_bits, activation_bits, accumulator_bits=sum_bits, group=0))
    ports = {"activation_in": (activation_bits, a), "weight_in": (weight_bits, w)}
    check_element(rtl, ports, sign_extended(a, activation_bits) * sign_extended(w, weight_bits), tmp_path)


@pytest.mark.parametrize(("weight_bits", "sum_bits"), [(4, 24), (3, 24), (2, 24), (4, 15)])
def test_mixpe_w4a8_element(weight_bits, sum_bits, tmp_path):
    rng = np.random.default_rng(2)
    a, w = random_codes(rng, 8, STEPS), random_codes(rng, weight_bits, STEPS)
    rtl = mixpe.ELEMENTS[0].rtl(Configuration(weight_bits, 8, accumulator_bits=sum_bits))
    check_element(rtl, {"activation_in": (8, a), "weight_in": (weight_bits, w)}, sign_extended(a, 8) * w, tmp_path)


def spread(codes, bits, copies):
    """The 2-bit parts of the operands of a cycle, brick by brick. ``copies``: brick -> (operand, part)."""
    word = np.zeros(len(codes), dtype=np.int64)
    for brick, (operand, part) in enumerate(copies):
        word |= ((codes[:, operand] >> (2 * part)) & 3) << (2 * brick)
    return word


def placements(activation_bits, weight_bits):
    """Brick -> (operand, part) of activations and of weights; brick = 8 A + 4 W + 2 a + w."""
    activations, weights = [], []
    for brick in range(16):
        big_a, big_w, a, w = brick >> 3, (brick >> 2) & 1, (brick >> 1) & 1, brick & 1
        product = []
        part_a = part_w = 0
        for bit, joined in ((a, activation_bits >= 4), (big_a, activation_bits == 8)):
            if not joined:
                product.append(bit)
        for bit, joined in ((w, weight_bits >= 4), (big_w, weight_bits == 8)):
            if not joined:
                product.append(bit)
        part_a = (a if activation_bits >= 4 else 0) + (2 * big_a if activation_bits == 8 else 0)
        part_w = (w if weight_bits >= 4 else 0) + (2 * big_w if weight_bits == 8 else 0)
        index = sum(bit << place for place, bit in enumerate(product))
        activations.append((index, part_a))
        weights.append((index, part_w))
    return activations, weights


@pytest.mark.parametrize(("weight_bits", "activation_bits"), composable.ELEMENTS[0].operands)
def test_composable_element(weight_bits, activation_bits, tmp_path):
    rng = np.random.default_rng(3)
    chosen = Configuration(weight_bits, activation_bits, group=0)
    count = composable.products(chosen)
    a, w = random_codes(rng, activation_bits, (STEPS, count)), random_codes(rng, weight_bits, (STEPS, count))
    activation_places, weight_places = placements(activation_bits, weight_bits)
    flags = {2: 0, 4: 1, 8: 3}
    ones = np.ones(STEPS, dtype=int)
    ports = {
        "activation_in": (32, spread(a, activation_bits, activation_places)),
        "weight_in": (32, spread(w, weight_bits, weight_places)),
        "activation_signed": (1, ones),
        "weight_signed": (1, ones),
        "activation_bits": (2, flags[activation_bits] * ones),
        "weight_bits": (2, flags[weight_bits] * ones),
    }
    products = [
        brick_sums(bricks(x[:, None], activation_bits), bricks(y[:, None], weight_bits), count).item()
        for x, y in zip(a, w, strict=True)
    ]
    check_element(composable.ELEMENTS[0].rtl(chosen), ports, np.array(products), tmp_path)


def test_composable_element_with_unsigned_operands(tmp_path):
    rng = np.random.default_rng(4)
    a, w = random_codes(rng, 8, (STEPS, 1)), random_codes(rng, 8, (STEPS, 1))
    activation_places, weight_places = placements(8, 8)
    ones = np.ones(STEPS, dtype=int)
    ports = {
        "activation_in": (32, spread(a, 8, activation_places)),
        "weight_in": (32, spread(w, 8, weight_places)),
        "activation_signed": (1, 0 * ones),
        "weight_signed": (1, 0 * ones),
        "activation_bits": (2, 3 * ones),
        "weight_bits": (2, 3 * ones),
    }
    check_element(composable.ELEMENTS[0].rtl(composable.ELEMENTS[0].default), ports, (a * w)[:, 0], tmp_path)


def joined(base, exponent):
    """What a decoder sends: {exponent, base of 5 bits}."""
    return (exponent << 5) | (base & 31)


def operand_parts(rng):
    """Base and exponent of random operands of every kind that the decoders send."""
    codes = rng.integers(0, 16, (STEPS, 1))
    codes[::2] = np.where(codes[::2] == 8, 4, codes[::2])
    low, high = split_integer(rng.integers(0, 256, STEPS), 8)
    olive_codes = split_abfloat(random_codes(rng, 4, (STEPS, 1)))
    kinds = [split_flint(codes[:, 0]), low, high, tuple(part[:, 0] for part in olive_codes)]
    kind = rng.integers(0, 4, STEPS)
    return tuple(np.choose(kind, [pair[side] for pair in kinds]) for side in (0, 1))


@pytest.mark.parametrize("element", [ant.ELEMENTS[0], olive.ELEMENTS[0]], ids=lambda element: element.name)
@pytest.mark.parametrize("group", [128, 0])
def test_exponent_integer_element(element, group, tmp_path):
    rng = np.random.default_rng(5)
    (a, a_exponent), (w, w_exponent) = operand_parts(rng), operand_parts(rng)
    ports = {"activation_in": (8, joined(a, a_exponent)), "weight_in": (8, joined(w, w_exponent))}
    products = (a << a_exponent) * (w << w_exponent)
    assert np.abs(products).max() < 1 << (ant.SHIFTED_BITS - 1)
    check_element(element.rtl(Configuration(4, 4, group=group)), ports, products, tmp_path)


def test_largest_products_of_the_exponent_integer_element_fit():
    """8-bit upper halves, flint's 16 and the largest outlier, each with each."""
    operands = [(-8, 4), (7, 4), (1, 4), (3, 5), (-3, 5), (15, 0)]
    largest = max(abs((a * w) << (x + y)) for a, x in operands for w, y in operands)
    assert largest == 16384 < 1 << (ant.SHIFTED_BITS - 1)


MODES = {"flint": 0, "int4": 1, "low": 2, "high": 3}


@pytest.mark.parametrize("mode", MODES)
def test_ant_decoder(mode, tmp_path):
    codes = np.arange(16)
    found = simulate(
        Rtl(("units.v", "ant.v"), "ant_decoder"),
        {"code": (4, codes), "mode": (2, np.full(16, MODES[mode]))},
        {"pair": 8},
        tmp_path,
        edges=0,
    )
    expected = {
        "flint": split_flint(codes),
        "int4": split_integer(codes, 4)[0],
        "low": split_integer(codes, 8)[0],
        "high": split_integer(codes << 4, 8)[1],
    }
    assert (found["pair"] == joined(*expected[mode])).all()


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
def test_olive_decoder(mode, tmp_path):
    codes, partners = (side.ravel() for side in np.meshgrid(np.arange(16), np.arange(16)))
    found = simulate(
        Rtl(("units.v", "olive.v"), "olive_decoder"),
        {"code_in": (4, codes), "partner_in": (4, partners), "mode": (2, np.full(256, mode))},
        {"pair": 8},
        tmp_path,
    )
    pairs = [side[0] for side in split_abfloat(np.stack([codes, partners]))]
    integers = {1: split_integer(codes, 4)[0], 2: split_integer(codes, 8)[0], 3: split_integer(codes << 4, 8)[1]}
    assert (found["pair"] == joined(*(integers[mode] if mode else pairs))).all()


def fp32_codes(values):
    return encode(np.asarray(values, dtype=np.float64), FP32)


def scale_vectors(rng, sum_bits):
    """Sums and FP16 scales with edges: no sum, the extreme ones, subnormal and largest scales, ties."""
    sums = wrapped(random_codes(rng, sum_bits, STEPS), sum_bits)
    small = rng.random(STEPS) < 0.3
    sums = np.where(small, rng.integers(-300, 300, STEPS), sums)
    scales = rng.integers(1, 0x7C00, STEPS)
    edges = np.array([1, 0x3FF, 0x400, 0x7BFF, 0x3C00])
    scales = np.where(rng.random(STEPS) < 0.3, rng.choice(edges, STEPS), scales)
    totals = fp32_codes((rng.normal(size=STEPS) * np.exp2(rng.uniform(-20, 30, STEPS))).astype(np.float32))
    return sums, scales, np.where(rng.random(STEPS) < 0.2, 0, totals)


def scaled_totals(sums, scales, totals):
    """FP32 codes of total + FP32(scale * sum)."""
    values = scales.astype(np.uint16).view(np.float16).astype(np.float64)
    products = [float(scaled_sum(np.array([[[s]]]), np.array([[v]]))[0, 0]) for s, v in zip(sums, values, strict=True)]
    return add(fp32_codes(products), totals, FP32)


@pytest.mark.parametrize("sum_bits", [24, 32, 15])
def test_scale_unit(sum_bits, tmp_path):
    sums, scales, totals = scale_vectors(np.random.default_rng(6), sum_bits)
    found = simulate(
        Rtl(("units.v", "integer.v"), "integer_scale_unit", {"SUM_BITS": sum_bits}),
        {
            "load_scale": (1, np.ones(STEPS, dtype=int)),
            "sum_in": (sum_bits, sums & ((1 << sum_bits) - 1)),
            "scale_in": (16, scales),
            "total_in": (32, totals),
        },
        {"total": 32},
        tmp_path,
        edges=3,
    )
    assert (found["total"] == scaled_totals(sums, scales, totals)).all()


def test_mixpe_w4a8_column(tmp_path):
    rng = np.random.default_rng(7)
    sums, scales, totals = scale_vectors(rng, 24)
    rows, zeros = wrapped(random_codes(rng, 15, STEPS), 15), rng.integers(0, 16, STEPS)
    found = simulate(
        Rtl(
            ("units.v", "integer.v", "mixpe_w4a8_column.v"),
            "mixpe_w4a8_column",
            {"WEIGHT_BITS": 4, "ROW_SUM_BITS": 15, "SUM_BITS": 24},
        ),
        {
            "load_group": (1, np.ones(STEPS, dtype=int)),
            "sum_in": (24, sums & 0xFFFFFF),
            "row_sum": (15, rows & 0x7FFF),
            "zero_in": (4, zeros),
            "scale_in": (16, scales),
            "total_in": (32, totals),
        },
        {"total": 32},
        tmp_path,
        edges=4,
    )
    assert (found["total"] == scaled_totals(wrapped(sums - rows * zeros, 24), scales, totals)).all()


@pytest.mark.parametrize("weight_bits", [4, 3, 2])
def test_mixpe_w4a16_element(weight_bits, tmp_path):
    rng = np.random.default_rng(8)
    a = np.where(rng.random(STEPS) < 0.3, random_codes(rng, 16, STEPS), rng.integers(0x2000, 0x5000, STEPS))
    a = np.where((a >> 10) & 31 == 31, 0xFBFF, a)
    w = random_codes(rng, weight_bits, STEPS)
    products = fp32_codes(flushed(a, FP16) * w)
    before, after = [0], []
    for product in products:
        after.append(int(add(np.array([product]), np.array([before[-1]]), FP32)[0]))
        before.append(after[-1])
    found = simulate(
        mixpe.ELEMENTS[1].rtl(Configuration(weight_bits, 16)),
        {
            "load_weight": (1, np.ones(STEPS, dtype=int)),
            "activation_in": (16, a),
            "weight_in": (weight_bits, w),
            "sum_in": (32, np.array(before[:-1])),
        },
        {"sum": 32, "activation": 16, "weight": weight_bits},
        tmp_path,
        edges=2,
    )
    assert found["sum"].tolist() == after
    assert (found["activation"] == a).all()
    assert (found["weight"] == w).all()


def test_a_weight_stays_until_the_next_is_loaded(tmp_path):
    load, weights = np.array([1, 0, 0, 1]), np.array([5, 6, 7, 9])
    found = simulate(
        integer.ELEMENTS[0].rtl(integer.ELEMENTS[0].default),
        {
            "load_weight": (1, load),
            "activation_in": (8, np.full(4, 3)),
            "weight_in": (8, weights),
            "sum_in": (32, np.zeros(4, dtype=int)),
        },
        {"sum": 32, "weight": 8},
        tmp_path,
        edges=2,
    )
    assert found["weight"].tolist() == [5, 5, 5, 9]
    assert found["sum"].tolist() == [15, 15, 15, 27]


def test_chains_are_the_sums_that_the_emulation_gives():
    """What ``check_element`` feeds back ends at the emulation's sum of the whole reduction."""
    rng = np.random.default_rng(9)
    a, w = rng.integers(-128, 128, STEPS), rng.integers(-128, 128, STEPS)
    before, after = running_sums(a * w, 18)
    whole = exact_sums(a[:, None], w[:, None], STEPS)[0, 0, 0]
    assert wrapped(np.array(after[-1] - before[0]), 18) == wrapped(whole, 18)
