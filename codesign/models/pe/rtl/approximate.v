// BF16 multiply-add whose sum travels with 24 significand bits, not rounded: sign, exponent (bias 127), significand with
// its leading bit shown. EXACT = 0: the sum is shifted to the left by 0, FIRST or FIRST + FOLLOWING places only.
// EXACT = 1: it is normalised, its leading zeros being counted behind the addition.

// How far to shift, and the shifted significand.
module coarse_normaliser #(
    parameter BITS      = 24,
    parameter FIRST     = 1,
    parameter FOLLOWING = 2
) (
    input  [BITS-1:0] significand,
    output [4:0]      places,
    output [BITS-1:0] normalised
);
  wire head, neck;
  unit_or_reduce #(.BITS(FIRST)) find_head (.a(significand[BITS-1-:FIRST]), .any(head));
  unit_or_reduce #(.BITS(FOLLOWING)) find_neck (.a(significand[BITS-FIRST-1-:FOLLOWING]), .any(neck));
  wire [BITS-1:0] shifted;
  unit_multiplexer #(.INPUTS(2), .BITS(BITS)) far (
      .words({significand << FIRST, significand << (FIRST + FOLLOWING)}), .index(neck), .word(shifted));
  unit_multiplexer #(.INPUTS(2), .BITS(BITS)) near (
      .words({significand, shifted}), .index(head), .word(normalised));
  assign places = head ? 0 : neck ? FIRST : FIRST + FOLLOWING;
endmodule

module exact_normaliser #(
    parameter BITS = 24
) (
    input  [BITS-1:0] significand,
    output [4:0]      places,
    output [BITS-1:0] normalised
);
  unit_leading_zeros #(.BITS(BITS)) count (.a(significand), .count(places));
  // A left shift is a right shift of the reversed word.
  wire [BITS-1:0] reversed, shifted;
  genvar place;
  generate
    for (place = 0; place < BITS; place = place + 1) begin : reverse
      assign reversed[place] = significand[BITS-1-place];
      assign normalised[place] = shifted[BITS-1-place];
    end
  endgenerate
  unit_barrel_shifter #(.BITS(BITS), .STAGES(5)) shift (.a(reversed), .amount(places), .shifted(shifted));
endmodule

// sum <= sum_in + activation_in * weight, the activation and the weight passed on.
module pe_bf16_unnormalised #(
    parameter FIRST     = 1,
    parameter FOLLOWING = 2,
    parameter EXACT     = 0
) (
    input         clock,
    input         load_weight,
    input  [15:0] activation_in,
    input  [15:0] weight_in,
    input  [32:0] sum_in,
    output [15:0] activation,
    output [15:0] weight,
    output [32:0] sum
);
  // The product, in [1, 4), is held as in [1/2, 2) with the next exponent.
  wire [15:0] significands;
  unit_multiplier #(.A_BITS(8), .B_BITS(8)) multiply (
      .a({1'b1, activation_in[6:0]}), .b({1'b1, weight[6:0]}), .product(significands));
  wire [9:0] exponent_sum, product_exponent;
  unit_adder #(.BITS(10)) add_exponents (
      .a({2'b0, activation_in[14:7]}), .b({2'b0, weight[14:7]}), .sum(exponent_sum));
  localparam [9:0] OFFSET = 1024 - 126;
  unit_adder #(.BITS(10)) rebias (.a(exponent_sum), .b(OFFSET), .sum(product_exponent));
  wire activation_normal, weight_normal, product_sign;
  unit_or_reduce #(.BITS(8)) find_zero_activation (.a(activation_in[14:7]), .any(activation_normal));
  unit_or_reduce #(.BITS(8)) find_zero_weight (.a(weight[14:7]), .any(weight_normal));
  unit_xor_row #(.BITS(1)) multiply_signs (.a(activation_in[15]), .b(weight[15]), .result(product_sign));
  wire in_range = activation_normal & weight_normal & ~product_exponent[9] & (product_exponent != 0);
  wire [7:0] exponent_p;
  wire [15:0] significand_p;
  unit_and_row #(.BITS(24)) zero_product (
      .a({product_exponent[7:0], significands}), .enable(in_range), .result({exponent_p, significand_p}));

  // Align the operand of smaller exponent.
  wire [7:0] exponent_s = sum_in[31:24];
  wire [8:0] difference;
  unit_adder #(.BITS(9)) subtract_exponents (
      .a({1'b0, exponent_p}), .b(9'd1 + ~{1'b0, exponent_s}), .sum(difference));
  wire swap = difference[8];
  wire [7:0] distance, exponent;
  unit_negate #(.BITS(8)) take_distance (.a(difference[7:0]), .negative(swap), .result(distance));
  unit_multiplexer #(.INPUTS(2), .BITS(8)) larger_exponent (
      .words({exponent_s, exponent_p}), .index(swap), .word(exponent));
  wire [23:0] wide_product = {significand_p, 8'b0};
  wire [23:0] kept, moved, shifted, aligned;
  unit_multiplexer #(.INPUTS(2), .BITS(24)) choose_kept (
      .words({sum_in[23:0], wide_product}), .index(swap), .word(kept));
  unit_multiplexer #(.INPUTS(2), .BITS(24)) choose_moved (
      .words({wide_product, sum_in[23:0]}), .index(swap), .word(moved));
  unit_barrel_shifter #(.BITS(24), .STAGES(5)) align (.a(moved), .amount(distance[4:0]), .shifted(shifted));
  unit_and_row #(.BITS(24)) drop_far (.a(shifted), .enable(~|distance[7:5]), .result(aligned));

  // Add or subtract; a negative difference is negated.
  wire subtract;
  unit_xor_row #(.BITS(1)) compare_signs (.a(product_sign), .b(sum_in[32]), .result(subtract));
  wire [23:0] addend, magnitude;
  wire [24:0] total;
  unit_xor_row #(.BITS(24)) invert (.a(aligned), .b({24{subtract}}), .result(addend));
  assign total = {1'b0, kept} + {subtract, addend} + subtract;
  wire negative = subtract & total[24];
  unit_negate #(.BITS(24)) take_magnitude (.a(total[23:0]), .negative(negative), .result(magnitude));
  wire carry = ~subtract & total[24];
  wire sign = (swap ? sum_in[32] : product_sign) ^ negative;

  wire [4:0] places;
  wire [23:0] normalised, significand;
  generate
    if (EXACT) begin : exact
      exact_normaliser #(.BITS(24)) normalise (
          .significand(magnitude), .places(places), .normalised(normalised));
    end else begin : coarse
      coarse_normaliser #(.BITS(24), .FIRST(FIRST), .FOLLOWING(FOLLOWING)) normalise (
          .significand(magnitude), .places(places), .normalised(normalised));
    end
  endgenerate
  unit_multiplexer #(.INPUTS(2), .BITS(24)) back_after_carry (
      .words({{1'b1, magnitude[23:1]}, normalised}), .index(carry), .word(significand));
  wire [8:0] step = carry ? 9'd1 : -{4'b0, places};
  wire [8:0] exponent_total;
  unit_adder #(.BITS(9)) adjust (.a({1'b0, exponent}), .b(step), .sum(exponent_total));

  wire nonzero;
  unit_or_reduce #(.BITS(24)) find_zero (.a(significand), .any(nonzero));
  wire below = (~carry & exponent_total[8]) | (exponent_total == 0);
  wire [31:0] result;
  unit_and_row #(.BITS(32)) zero_sum (
      .a({exponent_total[7:0], significand}), .enable(nonzero & ~below), .result(result));

  unit_register #(.BITS(16)) hold_activation (.clock(clock), .d(activation_in), .q(activation));
  unit_register_enable #(.BITS(16)) hold_weight (
      .clock(clock), .enable(load_weight), .d(weight_in), .q(weight));
  unit_register #(.BITS(33)) hold_sum (.clock(clock), .d({sign, result}), .q(sum));
endmodule
