// What stands at the edge of a column of BitMoD elements: a term generator for each of its four weights, and the adder
// of scaled groups.

// One term of a weight. mode 0: 3 bits, 1: 4 bits, 2: 6 bits, 3: 8 bits; cycle counts the terms of a weight.
// special is the group's special value, sign and magnitude. Magnitudes of 3 and 4 bits have two ones at most.
module bitmod_terms (
    input  [7:0] code,
    input  [1:0] mode,
    input  [1:0] cycle,
    input  [5:0] special,
    output       negative,
    output       mantissa,
    output [1:0] exponent
);
  // Small floats: the first term is the leading one of bits 4..1, the second what is left in bits 3..0.
  wire minus = mode[0] ? code[3] : code[2];
  wire [2:0] index = {mode[0] & code[2], code[1:0]};
  reg [4:0] ordinary;
  always @* begin
    case (index)
      3'd0: ordinary = 5'd0;
      3'd1: ordinary = 5'd1;
      3'd2: ordinary = 5'd2;
      3'd3: ordinary = mode[0] ? 5'd3 : 5'd4;
      3'd4: ordinary = 5'd4;
      3'd5: ordinary = 5'd6;
      3'd6: ordinary = 5'd8;
      default: ordinary = 5'd12;
    endcase
  end
  wire [5:0] value;
  unit_multiplexer #(.INPUTS(2), .BITS(6)) choose (
      .words({special, minus, ordinary}), .index(minus & (index == 0)), .word(value));
  wire [2:0] zeros;
  unit_leading_zeros #(.BITS(4)) leading (.a(value[4:1]), .count(zeros));
  wire [3:0] one = zeros[2] ? 4'd0 : 4'b1000 >> zeros[1:0];
  wire [3:0] rest = value[3:0] & ~{one[2:0], 1'b0};
  wire [3:0] ones;
  unit_multiplexer #(.INPUTS(2), .BITS(4)) term (.words({rest, one}), .index(cycle[0]), .word(ones));

  // Integers: Booth digits of radix 4.
  wire [7:0] extended = mode[0] ? code : {{2{code[5]}}, code[5:0]};
  wire [2:0] window;
  unit_multiplexer #(.INPUTS(4), .BITS(3)) digit (
      .words({extended[7:5], extended[5:3], extended[3:1], extended[1:0], 1'b0}), .index(cycle), .word(window));
  wire double = (window == 3'b011) | (window == 3'b100);
  wire nonzero = ~(&window | ~|window);

  wire [3:0] small_term = {value[5] & |ones, |ones, ones[3] | ones[2], ones[3] | ones[1]};
  wire [3:0] booth_term = {window[2] & nonzero, nonzero, 1'b0, double};
  unit_multiplexer #(.INPUTS(2), .BITS(4)) kind (
      .words({booth_term, small_term}), .index(mode[1]), .word({negative, mantissa, exponent}));
endmodule

// sum_in + product * 2^(exponent - 67) in FP32, rounded to the nearest twice: the product, then the sum. One stage of
// registers lies between.
module bitmod_accumulator #(
    parameter SUM_BITS = 24
) (
    input                 clock,
    input  [SUM_BITS+7:0] product,
    input  [6:0]          exponent,
    input  [31:0]         sum_in,
    output [31:0]         sum_out
);
  localparam P = SUM_BITS + 8;
  wire [P-1:0] magnitude, shifted, normal;
  unit_negate #(.BITS(P)) absolute (.a(product), .negative(product[P-1]), .result(magnitude));
  wire [$clog2(P+1)-1:0] zeros;
  unit_leading_zeros #(.BITS(P)) count (.a(magnitude), .count(zeros));
  wire [P-1:0] reversed;
  genvar place;
  generate
    for (place = 0; place < P; place = place + 1) begin : mirror
      assign reversed[place] = magnitude[P-1-place];
      assign normal[place] = shifted[P-1-place];
    end
  endgenerate
  unit_barrel_shifter #(.BITS(P), .STAGES($clog2(P))) normalise (
      .a(reversed), .amount(zeros[$clog2(P)-1:0]), .shifted(shifted));
  wire round_up = normal[P-25] & (|normal[P-26:0] | normal[P-24]);
  wire [24:0] rounded;
  unit_adder #(.BITS(25)) round (.a({1'b0, normal[P-1:P-24]}), .b({24'b0, round_up}), .sum(rounded));
  // The highest bit of the product stands for 2^(P - 1 + exponent - 67); the bias is 127.
  wire [7:0] inverse, stored_exponent;
  unit_adder #(.BITS(8)) count_down (.a({1'b1, ~exponent}), .b({2'b0, zeros}), .sum(inverse));
  unit_adder #(.BITS(8)) bias (.a(~inverse), .b(8'd59 + P[7:0] + {7'b0, rounded[24]}), .sum(stored_exponent));
  wire [30:0] value;
  unit_and_row #(.BITS(31)) zero (
      .a({stored_exponent, rounded[22:0]}), .enable(magnitude != 0), .result(value));
  wire [31:0] held;
  unit_register #(.BITS(32)) stage (.clock(clock), .d({product[P-1], value}), .q(held));
  unit_float_add #(.EXPONENT_BITS(8), .MANTISSA_BITS(23)) add (.a(held), .b(sum_in), .sum(sum_out));
endmodule
