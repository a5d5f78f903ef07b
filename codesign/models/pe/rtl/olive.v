// OliVe's decoder of outlier-victim pairs; its element is pe_exponent_integer of ant.v.

// One code of a pair, with its partner, to {exponent, base}. mode: 0 pairs, 1 to 3 integers as in ant_decoder.
// A code 1000 is a victim, which is 0; its partner is an outlier, sign | exponent of 2 bits | mantissa of 1 bit, worth
// (2 + mantissa) * 2^(exponent + 2). Other codes are integers.
module olive_decoder (
    input        clock,
    input  [3:0] code_in,
    input  [3:0] partner_in,
    input  [1:0] mode,
    output [7:0] pair
);
  wire [3:0] code, partner;
  unit_register #(.BITS(8)) hold_pair (.clock(clock), .d({partner_in, code_in}), .q({partner, code}));

  // Equal to 1000: no difference.
  wire keep, not_outlier;
  unit_or_reduce #(.BITS(4)) find_victim (.a(code ^ 4'b1000), .any(keep));
  unit_or_reduce #(.BITS(4)) find_outlier (.a(partner ^ 4'b1000), .any(not_outlier));

  wire [2:0] outlier_base, outlier_exponent;
  unit_negate #(.BITS(3)) sign (.a({2'b01, code[0]}), .negative(code[3]), .result(outlier_base));
  unit_adder #(.BITS(3)) add_bias (.a({1'b0, code[2:1]}), .b(3'd2), .sum(outlier_exponent));
  wire [4:0] outlier_wide = {{2{outlier_base[2]}}, outlier_base};
  wire is_pair = mode == 0;
  wire [4:0] integer_base;
  unit_and_row #(.BITS(5)) zero_victim (
      .a({(mode != 2) & code[3], code}), .enable(~is_pair | keep), .result(integer_base));
  wire [7:0] integer_half = {(mode == 3) ? 3'd4 : 3'd0, integer_base};
  unit_multiplexer #(.INPUTS(2), .BITS(8)) choose (
      .words({{outlier_exponent, outlier_wide}, integer_half}), .index(is_pair & keep & ~not_outlier), .word(pair));
endmodule
