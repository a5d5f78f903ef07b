// Integer multiply-accumulate element, and the unit at the foot of a column that scales group sums to floating point.

// One element: sum <= sum_in + activation_in * weight in two's complement, modulo 2^SUM_BITS; the activation and the
// weight are passed on.
module pe_integer #(
    parameter ACTIVATION_BITS = 8,
    parameter WEIGHT_BITS     = 8,
    parameter SUM_BITS        = 32
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

// total <= total_in + FP32(scale * sum), in FP32, one stage for the product and one for the addition. The sum is
// two's complement, the scale a positive FP16 number, subnormal ones included; their product is rounded once.
module integer_scale_unit #(
    parameter SUM_BITS = 24
) (
    input                 clock,
    input                 load_scale,
    input  [SUM_BITS-1:0] sum_in,
    input  [15:0]         scale_in,
    input  [31:0]         total_in,
    output [31:0]         total
);
  localparam PRODUCT_BITS = SUM_BITS + 11;
  localparam COUNT_BITS = $clog2(PRODUCT_BITS + 1);
  // Biased FP32 exponent, less the FP16 one, of a product whose leading one has the highest place; one more, because
  // the complement of the zeros is added, which is -zeros - 1.
  localparam [7:0] TOP_EXPONENT = 127 + PRODUCT_BITS - 1 - 25 + 1;

  wire [SUM_BITS-1:0] sum;
  wire [15:0] scale;
  unit_register #(.BITS(SUM_BITS)) hold_sum (.clock(clock), .d(sum_in), .q(sum));
  unit_register_enable #(.BITS(16)) hold_scale (.clock(clock), .enable(load_scale), .d(scale_in), .q(scale));

  wire [SUM_BITS-1:0] magnitude;
  wire [PRODUCT_BITS-1:0] product;
  wire normal = |scale[14:10];
  unit_negate #(.BITS(SUM_BITS)) take_magnitude (.a(sum), .negative(sum[SUM_BITS-1]), .result(magnitude));
  unit_multiplier #(.A_BITS(SUM_BITS), .B_BITS(11)) times_scale (
      .a(magnitude), .b({normal, scale[9:0]}), .product(product));

  // A left shift is a right shift of the reversed word.
  wire [COUNT_BITS-1:0] zeros;
  wire [PRODUCT_BITS-1:0] reversed, shifted, normalised;
  genvar place;
  generate
    for (place = 0; place < PRODUCT_BITS; place = place + 1) begin : reverse
      assign reversed[place] = product[PRODUCT_BITS-1-place];
      assign normalised[place] = shifted[PRODUCT_BITS-1-place];
    end
  endgenerate
  unit_leading_zeros #(.BITS(PRODUCT_BITS)) count_zeros (.a(product), .count(zeros));
  unit_barrel_shifter #(.BITS(PRODUCT_BITS), .STAGES(COUNT_BITS)) normalise (
      .a(reversed), .amount(zeros), .shifted(shifted));

  // 24 bits are kept, the hidden one at the top; the next one and all below decide on rounding up.
  wire [23:0] kept = normalised[PRODUCT_BITS-1-:24];
  wire sticky;
  unit_or_reduce #(.BITS(PRODUCT_BITS - 25)) find_sticky (.a(normalised[PRODUCT_BITS-26:0]), .any(sticky));
  wire round_up = normalised[PRODUCT_BITS-25] & (sticky | kept[0]);
  wire [7:0] scale_exponent, exponent;
  unit_adder #(.BITS(8)) add_exponents (
      .a(TOP_EXPONENT), .b({3'b0, scale[14:11], scale[10] | ~normal}), .sum(scale_exponent));
  unit_adder #(.BITS(8)) subtract_zeros (
      .a(scale_exponent), .b(~{{(8 - COUNT_BITS) {1'b0}}, zeros}), .sum(exponent));
  // An incrementer. A mantissa that overflows raises the exponent.
  wire [30:0] truncated = {exponent, kept[22:0]};
  wire [31:0] carry;
  wire [30:0] rounded;
  assign carry[0] = round_up;
  generate
    for (place = 0; place < 31; place = place + 1) begin : round_carry
      unit_and_row #(.BITS(1)) propagate (.a(truncated[place]), .enable(carry[place]), .result(carry[place+1]));
    end
  endgenerate
  unit_xor_row #(.BITS(31)) round (.a(truncated), .b(carry[30:0]), .result(rounded));

  wire [31:0] scaled;
  wire [30:0] magnitude_out;
  unit_and_row #(.BITS(31)) zero (.a(rounded), .enable(kept[23]), .result(magnitude_out));
  unit_register #(.BITS(32)) hold_scaled (
      .clock(clock), .d({sum[SUM_BITS-1], magnitude_out}), .q(scaled));

  wire [31:0] new_total;
  unit_float_add #(.EXPONENT_BITS(8), .MANTISSA_BITS(23)) add_total (.a(scaled), .b(total_in), .sum(new_total));
  unit_register #(.BITS(32)) hold_total (.clock(clock), .d(new_total), .q(total));
endmodule
