// MixPE for INT8 activations: what corrects and scales a column's group sums.

// A column's foot: total <= total_in + FP32(scale * (sum - zero * row_sum)), row_sum the sum of the group's activations.
module mixpe_w4a8_column #(
    parameter WEIGHT_BITS  = 4,
    parameter ROW_SUM_BITS = 15,
    parameter SUM_BITS     = 24
) (
    input                     clock,
    input                     load_group,
    input  [SUM_BITS-1:0]     sum_in,
    input  [ROW_SUM_BITS-1:0] row_sum,
    input  [WEIGHT_BITS-1:0]  zero_in,
    input  [15:0]             scale_in,
    input  [31:0]             total_in,
    output [31:0]             total
);
  localparam PRODUCT_BITS = ROW_SUM_BITS + WEIGHT_BITS;
  wire [WEIGHT_BITS-1:0] zero;
  unit_register_enable #(.BITS(WEIGHT_BITS)) hold_zero (
      .clock(clock), .enable(load_group), .d(zero_in), .q(zero));

  wire [PRODUCT_BITS-1:0] product;
  unit_shift_add #(.A_BITS(ROW_SUM_BITS), .B_BITS(WEIGHT_BITS)) times_zero (.a(row_sum), .b(zero), .product(product));
  wire signed [PRODUCT_BITS-1:0] signed_product = product;
  wire signed [SUM_BITS-1:0] correction = signed_product;
  // a - b = ~(~a + b)
  wire [SUM_BITS-1:0] complement;
  unit_adder #(.BITS(SUM_BITS)) subtract (.a(~sum_in), .b(correction), .sum(complement));

  integer_scale_unit #(.SUM_BITS(SUM_BITS)) scale (
      .clock(clock), .load_scale(load_group), .sum_in(~complement), .scale_in(scale_in), .total_in(total_in),
      .total(total));
endmodule
