// MixPE for INT8 activations.

// One element: sum <= sum_in + activation_in * weight, the weight unsigned, as shifted activations added up; modulo
// 2^SUM_BITS. The activation and the weight are passed on.
module pe_mixpe_w4a8 #(
    parameter ACTIVATION_BITS = 8,
    parameter WEIGHT_BITS     = 4,
    parameter SUM_BITS        = 24
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
  localparam PRODUCT_BITS = ACTIVATION_BITS + WEIGHT_BITS;
  wire [PRODUCT_BITS-1:0] product;
  wire [SUM_BITS-1:0] total;
  unit_shift_add #(.A_BITS(ACTIVATION_BITS), .B_BITS(WEIGHT_BITS)) shift_and_add (
      .a(activation_in), .b(weight), .product(product));
  unit_adder #(.BITS(SUM_BITS)) accumulate (
      .a(sum_in), .b({{(SUM_BITS - PRODUCT_BITS) {product[PRODUCT_BITS-1]}}, product}), .sum(total));

  unit_register #(.BITS(ACTIVATION_BITS)) hold_activation (.clock(clock), .d(activation_in), .q(activation));
  unit_register_enable #(.BITS(WEIGHT_BITS)) hold_weight (
      .clock(clock), .enable(load_weight), .d(weight_in), .q(weight));
  unit_register #(.BITS(SUM_BITS)) hold_sum (.clock(clock), .d(total), .q(sum));
endmodule
