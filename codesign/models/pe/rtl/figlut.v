// FIGLUT: an element that reads a table by weight bits and accumulates, the generator of the tables at the edge of a row,
// and the unit at the foot of a column that takes the zero point off.

// sum <= (clear ? 0 : sum) + (+-entry << place), modulo 2^SUM_BITS. index[3] negates the entry; where it is set, memory
// holds the other index bits inverted.
module pe_figlut #(
    parameter ENTRY_BITS = 18,
    parameter PLACES     = 8,
    parameter SUM_BITS   = 32
) (
    input                       clock,
    input                       clear,
    input  [8*ENTRY_BITS-1:0]   table_words,
    input  [3:0]                index_in,
    input  [$clog2(PLACES)-1:0] place,
    output [3:0]                index,
    output [SUM_BITS-1:0]       sum
);
  localparam WIDE = ENTRY_BITS + PLACES - 1;
  unit_register #(.BITS(4)) hold_index (.clock(clock), .d(index_in), .q(index));
  wire [ENTRY_BITS-1:0] entry, signed_entry;
  unit_multiplexer #(.INPUTS(8), .BITS(ENTRY_BITS)) look_up (.words(table_words), .index(index[2:0]), .word(entry));
  unit_negate #(.BITS(ENTRY_BITS)) apply_sign (.a(entry), .negative(index[3]), .result(signed_entry));

  // A left shift is a right shift of the reversed word.
  wire [WIDE-1:0] extended = {{(PLACES - 1) {signed_entry[ENTRY_BITS-1]}}, signed_entry};
  wire [WIDE-1:0] reversed, shifted, placed;
  genvar bit_place;
  generate
    for (bit_place = 0; bit_place < WIDE; bit_place = bit_place + 1) begin : reverse
      assign reversed[bit_place] = extended[WIDE-1-bit_place];
      assign placed[bit_place] = shifted[WIDE-1-bit_place];
    end
  endgenerate
  unit_barrel_shifter #(.BITS(WIDE), .STAGES($clog2(PLACES))) shift_to_place (
      .a(reversed), .amount(place), .shifted(shifted));

  wire [SUM_BITS-1:0] kept, total;
  unit_and_row #(.BITS(SUM_BITS)) clear_sum (.a(sum), .enable(~clear), .result(kept));
  unit_adder #(.BITS(SUM_BITS)) add (
      .a(kept), .b({{(SUM_BITS - WIDE) {placed[WIDE-1]}}, placed}), .sum(total));
  unit_register #(.BITS(SUM_BITS)) hold_sum (.clock(clock), .d(total), .q(sum));
endmodule

// The table of four aligned activations: entry e holds -a3 plus or minus the others, plus where bit i of e is set. The
// entries are registers, loaded once for all bits of the weights. An aligned activation is never the lowest number.
module figlut_table #(
    parameter ACTIVATION_BITS = 16
) (
    input                                clock,
    input                                load,
    input  [4*ACTIVATION_BITS-1:0]       activations,
    output [8*(ACTIVATION_BITS+2)-1:0]   table_words
);
  localparam A = ACTIVATION_BITS;
  wire [A:0] a [0:3];
  genvar lane;
  generate
    for (lane = 0; lane < 4; lane = lane + 1) begin : widen
      assign a[lane] = {activations[A*lane+A-1], activations[A*lane+:A]};
    end
  endgenerate
  // x - y is ~(~x + y); the sums of the first two with both signs, and of the last two with the last one negative.
  wire [A:0] plus, minus, inverse_minus, upper_plus, upper_minus, inverse_upper;
  unit_adder #(.BITS(A + 1)) add_plus (.a(a[0]), .b(a[1]), .sum(plus));
  unit_adder #(.BITS(A + 1)) add_minus (.a(~a[0]), .b(a[1]), .sum(inverse_minus));
  assign minus = ~inverse_minus;
  unit_adder #(.BITS(A + 1)) add_upper (.a(~a[2]), .b(a[3]), .sum(inverse_upper));
  assign upper_plus = ~inverse_upper;
  unit_adder #(.BITS(A + 1)) add_both (.a(a[2]), .b(a[3]), .sum(upper_minus));

  wire [8*(A+2)-1:0] words;
  genvar entry;
  generate
    for (entry = 0; entry < 8; entry = entry + 1) begin : entries
      // +-(plus or minus) + (a2 - a3 or -(a2 + a3))
      wire [A:0] lower = (entry % 4 == 0 || entry % 4 == 3) ? plus : minus;
      wire negative = entry % 4 == 0 || entry % 4 == 2;
      wire [A:0] higher = entry >= 4 ? upper_plus : upper_minus;
      wire [A+1:0] wide_lower = {lower[A], lower};
      wire [A+1:0] wide_higher = {higher[A], higher};
      wire [A+1:0] sum;
      if (entry >= 4) begin : with_plus
        // higher + lower, or higher - lower as ~(~higher + lower)
        unit_adder #(.BITS(A + 2)) add (
            .a(negative ? ~wide_higher : wide_higher), .b(wide_lower), .sum(sum));
        assign words[entry*(A+2)+:A+2] = negative ? ~sum : sum;
      end else if (entry % 4 == 1 || entry % 4 == 3) begin : with_minus
        // lower - higher
        unit_adder #(.BITS(A + 2)) add (.a(~wide_lower), .b(wide_higher), .sum(sum));
        assign words[entry*(A+2)+:A+2] = ~sum;
      end else begin : both_minus
        // -(lower + higher)
        wire [A+1:0] total;
        unit_adder #(.BITS(A + 2)) add (.a(wide_lower), .b(wide_higher), .sum(total));
        unit_negate #(.BITS(A + 2)) negate (.a(total), .negative(1'b1), .result(words[entry*(A+2)+:A+2]));
        assign sum = total;
      end
    end
  endgenerate
  unit_register_enable #(.BITS(8 * (A + 2))) hold (.clock(clock), .enable(load), .d(words), .q(table_words));
endmodule

// difference = sum - zero * row_sum, in two's complement.
module figlut_zero_point #(
    parameter SUM_BITS     = 32,
    parameter ROW_SUM_BITS = 23,
    parameter ZERO_BITS    = 10
) (
    input  [SUM_BITS-1:0]     sum,
    input  [ROW_SUM_BITS-1:0] row_sum,
    input  [ZERO_BITS-1:0]    zero,
    output [SUM_BITS-1:0]     difference
);
  wire signed [ROW_SUM_BITS+ZERO_BITS-1:0] product;
  wire [SUM_BITS-1:0] inverse;
  unit_signed_multiplier #(.A_BITS(ROW_SUM_BITS), .B_BITS(ZERO_BITS)) multiply (
      .a(row_sum), .b(zero), .product(product));
  wire [SUM_BITS-1:0] wide_product = product;
  unit_adder #(.BITS(SUM_BITS)) subtract (.a(~sum), .b(wide_product), .sum(inverse));
  assign difference = ~inverse;
endmodule
