// FIGNA: aligned activations times integer weights, the units that align them at the edge of a row and that scale group
// sums at the foot of a column.

// One element: sum <= sum_in + activation_in * weight in two's complement; the activation and the weight are passed on.
module pe_figna #(
    parameter ACTIVATION_BITS = 16,
    parameter WEIGHT_BITS     = 4,
    parameter SUM_BITS        = 26
) (
    input                        clock,
    input                        load_weight,
    input  [ACTIVATION_BITS-1:0] activation_in,
    input  [WEIGHT_BITS-1:0]     weight_in,
    input  [SUM_BITS-1:0]        sum_in,
    output [ACTIVATION_BITS-1:0] activation,
    output [WEIGHT_BITS-1:0]     weight,
    output [SUM_BITS-1:0]        sum
);
  wire [SUM_BITS-1:0] total;
  unit_multiply_add #(.A_BITS(ACTIVATION_BITS), .B_BITS(WEIGHT_BITS), .SUM_BITS(SUM_BITS)) multiply_and_add (
      .a(activation_in), .b(weight), .sum_in(sum_in), .sum_out(total));
  unit_register #(.BITS(ACTIVATION_BITS)) hold_activation (.clock(clock), .d(activation_in), .q(activation));
  unit_register_enable #(.BITS(WEIGHT_BITS)) hold_weight (
      .clock(clock), .enable(load_weight), .d(weight_in), .q(weight));
  unit_register #(.BITS(SUM_BITS)) hold_sum (.clock(clock), .d(total), .q(sum));
endmodule

// Aligns activations to the largest exponent of their block. While the next block is scanned for its exponent, this one
// is aligned to the exponent that ``take`` has moved on.
module figna_align #(
    parameter EXPONENT_BITS = 5,
    parameter MANTISSA_BITS = 10,
    parameter EXTRA_BITS    = 4
) (
    input                                        clock,
    input                                        first,  // of the next block
    input                                        take,   // with the last of the next block
    input  [EXPONENT_BITS+MANTISSA_BITS:0]       next_activation,
    input  [EXPONENT_BITS+MANTISSA_BITS:0]       activation,
    output [EXPONENT_BITS-1:0]                   exponent,
    output [MANTISSA_BITS+EXTRA_BITS+1:0]        aligned
);
  localparam E = EXPONENT_BITS;
  localparam M = MANTISSA_BITS;
  localparam S = M + 1 + EXTRA_BITS;
  localparam STAGES = $clog2(S + 1);

  wire next_normal, normal;
  wire [E-1:0] so_far, before, largest;
  unit_or_reduce #(.BITS(E)) next_hidden (.a(next_activation[M+:E]), .any(next_normal));
  unit_and_row #(.BITS(E)) restart (.a(so_far), .enable(~first), .result(before));
  unit_maximum #(.BITS(E)) compare (
      .a(before), .b({next_activation[M+1+:E-1], next_activation[M] | ~next_normal}), .larger(largest));
  unit_register #(.BITS(E)) running (.clock(clock), .d(largest), .q(so_far));
  unit_register_enable #(.BITS(E)) block (.clock(clock), .enable(take), .d(largest), .q(exponent));

  // exponent - e is ~(~exponent + e).
  wire [E-1:0] inverse;
  unit_or_reduce #(.BITS(E)) hidden (.a(activation[M+:E]), .any(normal));
  unit_adder #(.BITS(E)) subtract (
      .a(~exponent), .b({activation[M+1+:E-1], activation[M] | ~normal}), .sum(inverse));
  wire [E-1:0] distance = ~inverse;
  wire [S-1:0] shifted, near;
  unit_barrel_shifter #(.BITS(S), .STAGES(STAGES)) shift (
      .a({normal, activation[M-1:0], {EXTRA_BITS{1'b0}}}), .amount(distance[STAGES-1:0]), .shifted(shifted));
  unit_and_row #(.BITS(S)) drop_far (.a(shifted), .enable(~|(distance >> STAGES)), .result(near));
  wire [S:0] word;
  unit_negate #(.BITS(S + 1)) apply_sign (.a({1'b0, near}), .negative(activation[E+M]), .result(word));
  unit_register #(.BITS(S + 1)) hold (.clock(clock), .d(word), .q(aligned));
endmodule

// total <= total_in + FP32(scale * sum * 2^(exponent + PLACE)), one stage for the product and one for the addition. The
// sum is two's complement, the scale a positive FP16 number. Below the normal range the product is zero; beyond it
// nothing is defined.
module figna_scale_unit #(
    parameter EXPONENT_BITS = 5,
    parameter SUM_BITS      = 26,
    parameter PLACE         = -29
) (
    input                     clock,
    input                     load_scale,
    input [SUM_BITS-1:0]      sum_in,
    input [EXPONENT_BITS-1:0] exponent_in,
    input [15:0]              scale_in,
    input [31:0]              total_in,
    output [31:0]             total
);
  localparam P = SUM_BITS + 11;
  localparam C = $clog2(P + 1);
  // Of a product whose leading one has the highest place: FP32's bias, the scale's last place, and one more, because
  // the complement of the zeros is added, which is -zeros - 1.
  localparam [9:0] TOP = 127 + P - 1 - 25 + 1 + PLACE;

  wire [SUM_BITS-1:0] sum, magnitude;
  wire [EXPONENT_BITS-1:0] block;
  wire [15:0] scale;
  unit_register #(.BITS(SUM_BITS)) hold_sum (.clock(clock), .d(sum_in), .q(sum));
  unit_register #(.BITS(EXPONENT_BITS)) hold_exponent (.clock(clock), .d(exponent_in), .q(block));
  unit_register_enable #(.BITS(16)) hold_scale (.clock(clock), .enable(load_scale), .d(scale_in), .q(scale));

  wire [P-1:0] product;
  wire normal = |scale[14:10];
  unit_negate #(.BITS(SUM_BITS)) take_magnitude (.a(sum), .negative(sum[SUM_BITS-1]), .result(magnitude));
  unit_multiplier #(.A_BITS(SUM_BITS), .B_BITS(11)) times_scale (
      .a(magnitude), .b({normal, scale[9:0]}), .product(product));

  wire [C-1:0] zeros;
  wire [P-1:0] reversed, shifted, normalised;
  genvar place;
  generate
    for (place = 0; place < P; place = place + 1) begin : reverse
      assign reversed[place] = product[P-1-place];
      assign normalised[place] = shifted[P-1-place];
    end
  endgenerate
  unit_leading_zeros #(.BITS(P)) count_zeros (.a(product), .count(zeros));
  unit_barrel_shifter #(.BITS(P), .STAGES(C)) normalise (.a(reversed), .amount(zeros), .shifted(shifted));

  wire [23:0] kept = normalised[P-1-:24];
  wire sticky;
  unit_or_reduce #(.BITS(P - 25)) find_sticky (.a(normalised[P-26:0]), .any(sticky));
  wire round_up = normalised[P-25] & (sticky | kept[0]);
  wire [9:0] scale_exponent, place_exponent, exponent;
  unit_adder #(.BITS(10)) add_scale (
      .a(TOP), .b({5'b0, scale[14:11], scale[10] | ~normal}), .sum(scale_exponent));
  unit_adder #(.BITS(10)) add_block (
      .a(scale_exponent), .b({{(10 - EXPONENT_BITS) {1'b0}}, block}), .sum(place_exponent));
  unit_adder #(.BITS(10)) subtract_zeros (
      .a(place_exponent), .b(~{{(10 - C) {1'b0}}, zeros}), .sum(exponent));
  wire [32:0] rounded;
  unit_adder #(.BITS(33)) round (.a({exponent, kept[22:0]}), .b({32'b0, round_up}), .sum(rounded));
  wire [30:0] value;
  unit_and_row #(.BITS(31)) zero (
      .a(rounded[30:0]), .enable(kept[23] & ~rounded[32] & |rounded[31:23]), .result(value));

  wire [31:0] scaled, new_total;
  unit_register #(.BITS(32)) hold_scaled (.clock(clock), .d({sum[SUM_BITS-1], value}), .q(scaled));
  unit_float_add #(.EXPONENT_BITS(8), .MANTISSA_BITS(23)) add_total (.a(scaled), .b(total_in), .sum(new_total));
  unit_register #(.BITS(32)) hold_total (.clock(clock), .d(new_total), .q(total));
endmodule
