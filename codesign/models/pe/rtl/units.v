// Hardware units. One module per kind of codesign.technology.units, with that kind's sizes as parameters in capitals.
// All but the registers are combinational. Words that travel together lie in one vector, word 0 in the lowest bits.

// a * b, unsigned, the product in full.
module unit_multiplier #(
    parameter A_BITS = 8,
    parameter B_BITS = 8
) (
    input  [A_BITS-1:0]        a,
    input  [B_BITS-1:0]        b,
    output [A_BITS+B_BITS-1:0] product
);
  assign product = a * b;
endmodule

// a * b in two's complement, the product in full.
module unit_signed_multiplier #(
    parameter A_BITS = 8,
    parameter B_BITS = 8
) (
    input  signed [A_BITS-1:0]        a,
    input  signed [B_BITS-1:0]        b,
    output signed [A_BITS+B_BITS-1:0] product
);
  assign product = a * b;
endmodule

// sum_in + a * b in two's complement, modulo 2^SUM_BITS. Synthesis merges both operators into one carry-save array.
module unit_multiply_add #(
    parameter A_BITS   = 8,
    parameter B_BITS   = 8,
    parameter SUM_BITS = 32
) (
    input  signed [A_BITS-1:0]   a,
    input  signed [B_BITS-1:0]   b,
    input  signed [SUM_BITS-1:0] sum_in,
    output signed [SUM_BITS-1:0] sum_out
);
  wire signed [A_BITS+B_BITS-1:0] product = a * b;
  assign sum_out = sum_in + product;
endmodule

// A signed a by an unsigned b: the sum over i of b[i] * (a << i), row after row of AND gates and adders.
module unit_shift_add #(
    parameter A_BITS = 8,
    parameter B_BITS = 4
) (
    input      signed [A_BITS-1:0]        a,
    input             [B_BITS-1:0]        b,
    output reg signed [A_BITS+B_BITS-1:0] product
);
  wire signed [A_BITS+B_BITS-1:0] wide_a = a;
  integer row;
  always @* begin
    product = 0;
    for (row = 0; row < B_BITS; row = row + 1) product = product + (b[row] ? (wide_a <<< row) : 0);
  end
endmodule

// A signed a times 2^exponent or -2^exponent, in full.
module unit_power_of_two_multiplier #(
    parameter A_BITS = 8,
    parameter STAGES = 3
) (
    input  signed [A_BITS-1:0]             a,
    input                                  negative,
    input         [STAGES-1:0]             exponent,
    output signed [A_BITS+(1<<STAGES)-1:0] product
);
  wire signed [A_BITS+(1<<STAGES)-1:0] wide_a = a;
  wire signed [A_BITS+(1<<STAGES)-1:0] shifted = wide_a <<< exponent;
  assign product = negative ? -shifted : shifted;
endmodule

// a + b, modulo 2^BITS.
module unit_adder #(
    parameter BITS = 16
) (
    input  [BITS-1:0] a,
    input  [BITS-1:0] b,
    output [BITS-1:0] sum
);
  assign sum = a + b;
endmodule

// The sum of INPUTS two's complement words, without overflow. Synthesis merges the additions: carry-save rows and one
// adder at the end.
module unit_adder_tree #(
    parameter INPUTS = 4,
    parameter BITS   = 16
) (
    input      signed [INPUTS*BITS-1:0]           words,
    output reg signed [BITS+$clog2(INPUTS)-1:0]   sum
);
  integer index;
  always @* begin
    sum = 0;
    for (index = 0; index < INPUTS; index = index + 1) sum = sum + $signed(words[index*BITS+:BITS]);
  end
endmodule

// negative ? -a : a, modulo 2^BITS.
module unit_negate #(
    parameter BITS = 16
) (
    input  [BITS-1:0] a,
    input             negative,
    output [BITS-1:0] result
);
  assign result = negative ? -a : a;
endmodule

// a >> amount, with zeros from the left.
module unit_barrel_shifter #(
    parameter BITS   = 16,
    parameter STAGES = 4
) (
    input  [BITS-1:0]   a,
    input  [STAGES-1:0] amount,
    output [BITS-1:0]   shifted
);
  assign shifted = a >> amount;
endmodule

// Zeros before the first one, from the highest bit; BITS where there is no one.
module unit_leading_zeros #(
    parameter BITS = 16
) (
    input      [BITS-1:0]           a,
    output reg [$clog2(BITS+1)-1:0] count
);
  integer place;
  always @* begin
    count = BITS;
    for (place = 0; place < BITS; place = place + 1) if (a[place]) count = BITS - 1 - place;
  end
endmodule

// Word number index of INPUTS words.
module unit_multiplexer #(
    parameter INPUTS = 2,
    parameter BITS   = 16
) (
    input  [INPUTS*BITS-1:0]     words,
    input  [$clog2(INPUTS)-1:0]  index,
    output [BITS-1:0]            word
);
  assign word = words[index*BITS+:BITS];
endmodule

// The larger of two unsigned words.
module unit_maximum #(
    parameter BITS = 8
) (
    input  [BITS-1:0] a,
    input  [BITS-1:0] b,
    output [BITS-1:0] larger
);
  assign larger = (a > b) ? a : b;
endmodule

// A word where enable is one, else 0.
module unit_and_row #(
    parameter BITS = 8
) (
    input  [BITS-1:0] a,
    input             enable,
    output [BITS-1:0] result
);
  assign result = a & {BITS{enable}};
endmodule

// The exclusive or of two words.
module unit_xor_row #(
    parameter BITS = 8
) (
    input  [BITS-1:0] a,
    input  [BITS-1:0] b,
    output [BITS-1:0] result
);
  assign result = a ^ b;
endmodule

// One where any bit of a word is.
module unit_or_reduce #(
    parameter BITS = 8
) (
    input  [BITS-1:0] a,
    output            any
);
  assign any = |a;
endmodule

// A decoder: OUT_BITS arbitrary functions of IN_BITS. The truth table is the integer hash below of the index and of
// the number of the output bit, so it is the same in every run and has no structure that logic could exploit; a
// decoder with structure is smaller.
module unit_constant_table #(
    parameter IN_BITS  = 4,
    parameter OUT_BITS = 4
) (
    input  [IN_BITS-1:0]  index,
    output [OUT_BITS-1:0] word
);
  // The lowest bit of the 32-bit finaliser of MurmurHash3.
  function hash_bit(input [31:0] key);
    reg [31:0] mixed;
    begin
      mixed = (key ^ (key >> 16)) * 32'h85ebca6b;
      mixed = (mixed ^ (mixed >> 13)) * 32'hc2b2ae35;
      hash_bit = mixed[0] ^ mixed[16];
    end
  endfunction

  wire [OUT_BITS*(1<<IN_BITS)-1:0] contents;
  genvar place;
  generate
    for (place = 0; place < OUT_BITS * (1 << IN_BITS); place = place + 1) begin : fill
      assign contents[place] = hash_bit(place + 1);
    end
  endgenerate
  assign word = contents[index*OUT_BITS+:OUT_BITS];
endmodule

// Flip-flops loaded at every clock.
module unit_register #(
    parameter BITS = 8
) (
    input                 clock,
    input      [BITS-1:0] d,
    output reg [BITS-1:0] q
);
  always @(posedge clock) q <= d;
endmodule

// Flip-flops loaded at the clock where enable is one.
module unit_register_enable #(
    parameter BITS = 8
) (
    input                 clock,
    input                 enable,
    input      [BITS-1:0] d,
    output reg [BITS-1:0] q
);
  always @(posedge clock) if (enable) q <= d;
endmodule

// a * b in floating point: sign, biased exponent, stored mantissa with a hidden one. Round to nearest, ties to even.
// An operand with exponent 0 is zero, a result below the normal range is zero, one above it is infinity. The highest
// exponent of an operand is an ordinary one: infinities and NaNs are not told apart.
module unit_float_multiply #(
    parameter EXPONENT_BITS = 5,
    parameter MANTISSA_BITS = 10
) (
    input  [EXPONENT_BITS+MANTISSA_BITS:0] a,
    input  [EXPONENT_BITS+MANTISSA_BITS:0] b,
    output [EXPONENT_BITS+MANTISSA_BITS:0] product
);
  localparam E = EXPONENT_BITS;
  localparam M = MANTISSA_BITS;
  localparam BIAS = (1 << (E - 1)) - 1;

  wire sign = a[E+M] ^ b[E+M];
  wire [E-1:0] exponent_a = a[E+M-1:M];
  wire [E-1:0] exponent_b = b[E+M-1:M];

  // The product of two significands in [1, 2) lies in [1, 4): one place more where it reaches 2.
  wire [2*M+1:0] significand = {1'b1, a[M-1:0]} * {1'b1, b[M-1:0]};
  wire carry = significand[2*M+1];
  wire [2*M+1:0] normalised = carry ? significand : significand << 1;

  wire [M-1:0] kept = normalised[2*M:M+1];
  wire guard = normalised[M];
  wire sticky = |normalised[M-1:0];
  wire [M:0] rounded = kept + (guard & (sticky | kept[0]));

  // Two bits more than stored: the first tells overflow, the second a negative exponent.
  wire [E+1:0] exponent = exponent_a + exponent_b - BIAS + carry;
  wire [E+1:0] final_exponent = exponent + rounded[M];
  wire zero = (exponent_a == 0) | (exponent_b == 0) | final_exponent[E+1] | (final_exponent == 0);
  wire infinite = final_exponent[E] | (&final_exponent[E-1:0]);

  assign product = zero ? {sign, {(E + M) {1'b0}}}
                 : infinite ? {sign, {E{1'b1}}, {M{1'b0}}}
                 : {sign, final_exponent[E-1:0], rounded[M-1:0]};
endmodule

// a + b in floating point, as unit_float_multiply. One path: align, add, count zeros, shift, round. Operands are normal
// numbers or zero; a sum that cancels, or falls below the normal range, is +0.
module unit_float_add #(
    parameter EXPONENT_BITS = 5,
    parameter MANTISSA_BITS = 10
) (
    input  [EXPONENT_BITS+MANTISSA_BITS:0] a,
    input  [EXPONENT_BITS+MANTISSA_BITS:0] b,
    output [EXPONENT_BITS+MANTISSA_BITS:0] sum
);
  localparam E = EXPONENT_BITS;
  localparam M = MANTISSA_BITS;
  localparam COUNT_BITS = $clog2(M + 6);

  // The operand of larger magnitude stays in place, the other is shifted to it.
  wire swap = b[E+M-1:0] > a[E+M-1:0];
  wire [E+M:0] greater = swap ? b : a;
  wire [E+M:0] lesser = swap ? a : b;
  wire [E-1:0] distance = greater[E+M-1:M] - lesser[E+M-1:M];

  // Significands with three places more: guard, round, sticky.
  wire [M+3:0] large_significand = {1'b1, greater[M-1:0], 3'b0};
  wire [M+3:0] small_significand = {|lesser[E+M-1:M], lesser[M-1:0], 3'b0};
  wire far = distance > M + 3;
  wire [M+3:0] aligned = far ? 0 : small_significand >> distance;
  wire sticky = far ? |small_significand : |(small_significand & ~({(M + 4) {1'b1}} << distance));
  wire [M+3:0] addend = {aligned[M+3:1], aligned[0] | sticky};

  wire subtract = greater[E+M] ^ lesser[E+M];
  wire [M+4:0] total = subtract ? large_significand - addend : large_significand + addend;

  reg [COUNT_BITS-1:0] zeros;
  integer place;
  always @* begin
    zeros = M + 5;
    for (place = 0; place <= M + 4; place = place + 1) if (total[place]) zeros = M + 4 - place;
  end
  wire [M+4:0] normalised = total << zeros;
  wire [E+1:0] exponent = greater[E+M-1:M] + 1 - zeros;

  wire round_up = normalised[3] & (|normalised[2:0] | normalised[4]);
  wire [M:0] rounded = normalised[M+3:4] + round_up;
  wire [E+1:0] final_exponent = exponent + rounded[M];
  wire zero = (total == 0) | final_exponent[E+1] | (final_exponent == 0);
  wire infinite = final_exponent[E] | (&final_exponent[E-1:0]);

  assign sum = zero ? 0
             : infinite ? {greater[E+M], {E{1'b1}}, {M{1'b0}}}
             : {greater[E+M], final_exponent[E-1:0], rounded[M-1:0]};
endmodule
