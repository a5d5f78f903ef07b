// MixPE for FP16 activations.

// One element: sum <= sum_in + activation_in * weight in FP32, the activation FP16 (exponent 0 is zero), the weight
// unsigned. The shifted terms have one significand and known distances, so they are added as integers; the exact
// product is normalised, and only the FP32 addition rounds.
module pe_mixpe_w4a16 #(
    parameter WEIGHT_BITS = 4
) (
    input                    clock,
    input                    load_weight,
    input  [15:0]            activation_in,
    input  [WEIGHT_BITS-1:0] weight_in,
    input  [31:0]            sum_in,
    output [15:0]            activation,
    output [WEIGHT_BITS-1:0] weight,
    output [31:0]            sum
);
  localparam PRODUCT_BITS = 11 + WEIGHT_BITS;
  localparam COUNT_BITS = $clog2(WEIGHT_BITS + 2);
  // FP32 bias less FP16 bias, and the places that the product has above the significand; one more, because the
  // complement of the zeros is added, which is -zeros - 1.
  localparam [7:0] TOP_EXPONENT = 127 - 15 + WEIGHT_BITS + 1;

  wire normal;
  wire [PRODUCT_BITS-1:0] product;
  unit_or_reduce #(.BITS(5)) find_zero (.a(activation_in[14:10]), .any(normal));
  unit_multiplier #(.A_BITS(11), .B_BITS(WEIGHT_BITS)) shift_and_add (
      .a({normal, activation_in[9:0]}), .b(weight), .product(product));

  // The leading one lies within the highest WEIGHT_BITS + 1 places. A left shift is a right shift of the reversed word.
  wire [COUNT_BITS-1:0] zeros;
  wire [PRODUCT_BITS-1:0] reversed, shifted, normalised;
  genvar place;
  generate
    for (place = 0; place < PRODUCT_BITS; place = place + 1) begin : reverse
      assign reversed[place] = product[PRODUCT_BITS-1-place];
      assign normalised[place] = shifted[PRODUCT_BITS-1-place];
    end
  endgenerate
  unit_leading_zeros #(.BITS(WEIGHT_BITS + 1)) count_zeros (
      .a(product[PRODUCT_BITS-1-:WEIGHT_BITS+1]), .count(zeros));
  unit_barrel_shifter #(.BITS(PRODUCT_BITS), .STAGES(COUNT_BITS)) normalise (
      .a(reversed), .amount(zeros), .shifted(shifted));

  wire [7:0] raised, exponent;
  unit_adder #(.BITS(8)) raise (.a({3'b0, activation_in[14:10]}), .b(TOP_EXPONENT), .sum(raised));
  unit_adder #(.BITS(8)) lower (.a(raised), .b(~{{(8 - COUNT_BITS) {1'b0}}, zeros}), .sum(exponent));
  wire [30:0] magnitude;
  unit_and_row #(.BITS(PRODUCT_BITS + 7)) zero (
      .a({exponent, normalised[PRODUCT_BITS-2:0]}), .enable(normalised[PRODUCT_BITS-1]),
      .result(magnitude[30-:PRODUCT_BITS+7]));
  assign magnitude[23-PRODUCT_BITS:0] = 0;

  wire [31:0] total;
  unit_float_add #(.EXPONENT_BITS(8), .MANTISSA_BITS(23)) accumulate (
      .a({activation_in[15], magnitude}), .b(sum_in), .sum(total));

  unit_register #(.BITS(16)) hold_activation (.clock(clock), .d(activation_in), .q(activation));
  unit_register_enable #(.BITS(WEIGHT_BITS)) hold_weight (
      .clock(clock), .enable(load_weight), .d(weight_in), .q(weight));
  unit_register #(.BITS(32)) hold_sum (.clock(clock), .d(total), .q(sum));
endmodule
