// Bit Fusion's element: sixteen products of two bits, shifted and added to one product of 8 x 8 bits, two of 8 x 4,
// four of 4 x 4, ... sixteen of 2 x 2, all of them part of one sum.
// Brick 8 A + 4 W + 2 a + w works on bits 4 A + 2 a of an 8-bit activation and on bits 4 W + 2 w of an 8-bit weight.
// Narrower operands use the places that their width leaves free for further products. The array's edge copies operands
// to all bricks that need them.

// Two neighbours of a level: low + high, or low + (high << SHIFT) where they are parts of one product.
module composable_node #(
    parameter IN_BITS  = 6,
    parameter OUT_BITS = 7,
    parameter SHIFT    = 2
) (
    input  [IN_BITS-1:0]  low,
    input  [IN_BITS-1:0]  high,
    input                 join_parts,
    output [OUT_BITS-1:0] sum
);
  wire signed [IN_BITS-1:0] signed_low = low;
  wire signed [IN_BITS-1:0] signed_high = high;
  wire signed [OUT_BITS-1:0] wide_low = signed_low;
  wire signed [OUT_BITS-1:0] wide_high = signed_high;
  wire [OUT_BITS-1:0] placed;
  unit_multiplexer #(.INPUTS(2), .BITS(OUT_BITS)) place (
      .words({wide_high << SHIFT, wide_high}), .index(join_parts), .word(placed));
  unit_adder #(.BITS(OUT_BITS)) add (.a(wide_low), .b(placed), .sum(sum));
endmodule

// One element: sum <= sum_in + products of activations_in and weights, modulo 2^SUM_BITS. Operands are two's
// complement or, where *_signed is 0, unsigned. activation_bits, weight_bits: 0 for 2, 1 for 4, 3 for 8.
module pe_composable #(
    parameter SUM_BITS = 32
) (
    input                 clock,
    input                 load_weight,
    input                 activation_signed,
    input                 weight_signed,
    input  [1:0]          activation_bits,
    input  [1:0]          weight_bits,
    input  [31:0]         activation_in,
    input  [31:0]         weight_in,
    input  [SUM_BITS-1:0] sum_in,
    output [31:0]         activation,
    output [31:0]         weight,
    output [SUM_BITS-1:0] sum
);
  // Level by level: 16 bricks, 8 sums of weight halves, 4 of activation halves, 2 of weights, 1 of activations.
  wire [16*6-1:0] bricks;
  wire [8*7-1:0] level_1;
  wire [4*9-1:0] level_2;
  wire [2*13-1:0] level_3;
  wire [16:0] product;

  genvar brick, node;
  generate
    for (brick = 0; brick < 16; brick = brick + 1) begin : multiply
      // The highest part of an operand has its sign: every part of 2 bits, every second of 4, the last of 8.
      wire activation_top = activation_signed & (~activation_bits[0] | brick[1]) & (~activation_bits[1] | brick[3]);
      wire weight_top = weight_signed & (~weight_bits[0] | brick[0]) & (~weight_bits[1] | brick[2]);
      wire activation_sign, weight_sign;
      unit_and_row #(.BITS(1)) extend_activation (
          .a(activation_in[2*brick+1]), .enable(activation_top), .result(activation_sign));
      unit_and_row #(.BITS(1)) extend_weight (.a(weight[2*brick+1]), .enable(weight_top), .result(weight_sign));
      unit_signed_multiplier #(.A_BITS(3), .B_BITS(3)) multiply_parts (
          .a({activation_sign, activation_in[2*brick+:2]}), .b({weight_sign, weight[2*brick+:2]}),
          .product(bricks[6*brick+:6]));
    end
    for (node = 0; node < 8; node = node + 1) begin : join_weight_halves
      composable_node #(.IN_BITS(6), .OUT_BITS(7), .SHIFT(2)) pair (
          .low(bricks[12*node+:6]), .high(bricks[12*node+6+:6]), .join_parts(weight_bits[0]), .sum(level_1[7*node+:7]));
    end
    for (node = 0; node < 4; node = node + 1) begin : join_activation_halves
      composable_node #(.IN_BITS(7), .OUT_BITS(9), .SHIFT(2)) pair (
          .low(level_1[14*node+:7]), .high(level_1[14*node+7+:7]), .join_parts(activation_bits[0]),
          .sum(level_2[9*node+:9]));
    end
    for (node = 0; node < 2; node = node + 1) begin : join_weights
      composable_node #(.IN_BITS(9), .OUT_BITS(13), .SHIFT(4)) pair (
          .low(level_2[18*node+:9]), .high(level_2[18*node+9+:9]), .join_parts(weight_bits[1]),
          .sum(level_3[13*node+:13]));
    end
  endgenerate
  composable_node #(.IN_BITS(13), .OUT_BITS(17), .SHIFT(4)) join_activations (
      .low(level_3[12:0]), .high(level_3[25:13]), .join_parts(activation_bits[1]), .sum(product));

  wire [SUM_BITS-1:0] total;
  unit_adder #(.BITS(SUM_BITS)) accumulate (
      .a(sum_in), .b({{(SUM_BITS - 17) {product[16]}}, product}), .sum(total));

  unit_register #(.BITS(32)) hold_activation (.clock(clock), .d(activation_in), .q(activation));
  unit_register_enable #(.BITS(32)) hold_weight (.clock(clock), .enable(load_weight), .d(weight_in), .q(weight));
  unit_register #(.BITS(SUM_BITS)) hold_sum (.clock(clock), .d(total), .q(sum));
endmodule
