// The element of ANT and OliVe, and ANT's decoder. An operand is a base of 5 bits in two's complement and an exponent
// of 3 bits, base * 2^exponent, sent as {exponent, base}.

// One element: sum <= sum_in + (base_a * base_w) << (exponent_a + exponent_w), modulo 2^SUM_BITS. Shifted products lie
// within 16 bits for all operands that the decoders give.
module pe_exponent_integer #(
    parameter SUM_BITS = 24
) (
    input                 clock,
    input                 load_weight,
    input  [7:0]          activation_in,
    input  [7:0]          weight_in,
    input  [SUM_BITS-1:0] sum_in,
    output [7:0]          activation,
    output [7:0]          weight,
    output [SUM_BITS-1:0] sum
);
  wire [9:0] product;
  wire [3:0] distance;
  unit_signed_multiplier #(.A_BITS(5), .B_BITS(5)) multiply_bases (
      .a(activation_in[4:0]), .b(weight[4:0]), .product(product));
  unit_adder #(.BITS(4)) add_exponents (.a({1'b0, activation_in[7:5]}), .b({1'b0, weight[7:5]}), .sum(distance));

  // A left shift is a right shift of the reversed word.
  wire [15:0] wide = {{6{product[9]}}, product};
  wire [15:0] reversed, reversed_shifted, shifted;
  genvar place;
  generate
    for (place = 0; place < 16; place = place + 1) begin : reverse
      assign reversed[place] = wide[15-place];
      assign shifted[place] = reversed_shifted[15-place];
    end
  endgenerate
  unit_barrel_shifter #(.BITS(16), .STAGES(4)) shift (
      .a(reversed), .amount(distance), .shifted(reversed_shifted));

  wire [SUM_BITS-1:0] total;
  unit_adder #(.BITS(SUM_BITS)) accumulate (
      .a(sum_in), .b({{(SUM_BITS - 16) {shifted[15]}}, shifted}), .sum(total));

  unit_register #(.BITS(8)) hold_activation (.clock(clock), .d(activation_in), .q(activation));
  unit_register_enable #(.BITS(8)) hold_weight (.clock(clock), .enable(load_weight), .d(weight_in), .q(weight));
  unit_register #(.BITS(SUM_BITS)) hold_sum (.clock(clock), .d(total), .q(sum));
endmodule

// One 4-bit code to {exponent, base}. mode: 0 flint, 1 signed integer, 2 lower half of an 8-bit integer (unsigned),
// 3 upper half (signed, exponent 4).
module ant_decoder (
    input  [3:0] code,
    input  [1:0] mode,
    output [7:0] pair
);
  // Base and exponent of a flint magnitude; the exponent is even.
  reg [4:0] magnitude;
  always @*
    case (code[2:0])
      3'b100: magnitude = {2'd2, 3'd1};
      3'b101: magnitude = {2'd1, 3'd2};
      3'b110: magnitude = {2'd0, 3'd4};
      3'b111: magnitude = {2'd0, 3'd6};
      default: magnitude = {2'd0, code[2:0]};
    endcase
  wire [3:0] base;
  unit_negate #(.BITS(4)) sign (.a({1'b0, magnitude[2:0]}), .negative(code[3]), .result(base));

  wire [7:0] flint = {magnitude[4:3], 1'b0, base[3], base};
  wire [7:0] integer_half = {(mode == 3) ? 3'd4 : 3'd0, (mode != 2) & code[3], code};
  unit_multiplexer #(.INPUTS(2), .BITS(8)) choose (
      .words({integer_half, flint}), .index(mode != 0), .word(pair));
endmodule
