// Elements that look up sums of activations by weight bits. The table of the row and the weight bits of the column come
// from registers at the edges of the array. index[GROUP-1] tells whether the entry is negated; where it is, memory holds
// the other index bits inverted.

// Tables of 8-bit integers in -127..127: sum <= (clear ? 0 : sum) + (+-entry << place), modulo 2^SUM_BITS.
module pe_lut_integer #(
    parameter GROUP       = 4,
    parameter WEIGHT_BITS = 4,
    parameter SUM_BITS    = 24,
    parameter STAGES      = WEIGHT_BITS > 1 ? $clog2(WEIGHT_BITS) : 1
) (
    input                       clock,
    input                       clear,
    input  [8*(1<<(GROUP-1))-1:0] table_words,
    input  [GROUP-1:0]          index,
    input  [STAGES-1:0]         place,
    output [SUM_BITS-1:0]       sum
);
  localparam WIDE = 8 + WEIGHT_BITS - 1;

  wire [7:0] entry, signed_entry;
  unit_multiplexer #(.INPUTS(1 << (GROUP - 1)), .BITS(8)) look_up (
      .words(table_words), .index(index[GROUP-2:0]), .word(entry));
  unit_negate #(.BITS(8)) apply_sign (.a(entry), .negative(index[GROUP-1]), .result(signed_entry));

  wire [WIDE-1:0] placed;
  generate
    if (WEIGHT_BITS > 1) begin : shift
      // A left shift is a right shift of the reversed word.
      wire [WIDE-1:0] extended = {{(WEIGHT_BITS - 1) {signed_entry[7]}}, signed_entry};
      wire [WIDE-1:0] reversed, shifted;
      genvar bit_place;
      for (bit_place = 0; bit_place < WIDE; bit_place = bit_place + 1) begin : reverse
        assign reversed[bit_place] = extended[WIDE-1-bit_place];
        assign placed[bit_place] = shifted[WIDE-1-bit_place];
      end
      unit_barrel_shifter #(.BITS(WIDE), .STAGES(STAGES)) shift_to_place (
          .a(reversed), .amount(place), .shifted(shifted));
    end else begin : no_shift
      assign placed = signed_entry;
    end
  endgenerate

  wire [SUM_BITS-1:0] kept, total;
  unit_and_row #(.BITS(SUM_BITS)) clear_sum (.a(sum), .enable(~clear), .result(kept));
  unit_adder #(.BITS(SUM_BITS)) add (
      .a(kept), .b({{(SUM_BITS - WIDE) {placed[WIDE-1]}}, placed}), .sum(total));
  unit_register #(.BITS(SUM_BITS)) hold_sum (.clock(clock), .d(total), .q(sum));
endmodule

// Tables of FP16 numbers: sum <= (clear ? 0 : sum) + (+-entry * 2^place), in FP32 or FP16. An FP16 exponent that the
// place raises beyond the largest stays the largest.
module pe_lut_floating #(
    parameter GROUP             = 4,
    parameter WEIGHT_BITS       = 4,
    parameter SUM_EXPONENT_BITS = 8,
    parameter SUM_MANTISSA_BITS = 23,
    parameter STAGES            = WEIGHT_BITS > 1 ? $clog2(WEIGHT_BITS) : 1
) (
    input                                          clock,
    input                                          clear,
    input  [16*(1<<(GROUP-1))-1:0]                 table_words,
    input  [GROUP-1:0]                             index,
    input  [STAGES-1:0]                            place,
    output [SUM_EXPONENT_BITS+SUM_MANTISSA_BITS:0] sum
);
  localparam SE = SUM_EXPONENT_BITS;
  localparam SUM_BITS = 1 + SUM_EXPONENT_BITS + SUM_MANTISSA_BITS;
  localparam WIDTH = SE > 5 ? SE : SE + 1;
  localparam OFFSET = (1 << (SE - 1)) - 16;

  wire [15:0] entry;
  unit_multiplexer #(.INPUTS(1 << (GROUP - 1)), .BITS(16)) look_up (
      .words(table_words), .index(index[GROUP-2:0]), .word(entry));
  wire sign;
  unit_xor_row #(.BITS(1)) apply_sign (.a(entry[15]), .b(index[GROUP-1]), .result(sign));

  // OFFSET is the difference of the biases and has zeros where the place has bits.
  wire [WIDTH-1:0] raised;
  wire [WIDTH-1:0] rise = OFFSET | (WEIGHT_BITS > 1 ? place : 0);
  unit_adder #(.BITS(WIDTH)) raise (.a({{(WIDTH - 5) {1'b0}}, entry[14:10]}), .b(rise), .sum(raised));
  wire [SE-1:0] exponent = (SE == 5 && raised[WIDTH-1]) ? {SE{1'b1}} : raised[SE-1:0];

  wire nonzero;
  wire [SE+9:0] magnitude;
  unit_or_reduce #(.BITS(5)) find_zero (.a(entry[14:10]), .any(nonzero));
  unit_and_row #(.BITS(SE + 10)) zero (.a({exponent, entry[9:0]}), .enable(nonzero), .result(magnitude));

  wire [SUM_BITS-1:0] addend = {sign, magnitude, {(SUM_MANTISSA_BITS - 10) {1'b0}}};
  wire [SUM_BITS-1:0] kept, total;
  unit_and_row #(.BITS(SUM_BITS)) clear_sum (.a(sum), .enable(~clear), .result(kept));
  unit_float_add #(.EXPONENT_BITS(SE), .MANTISSA_BITS(SUM_MANTISSA_BITS)) add (.a(addend), .b(kept), .sum(total));
  unit_register #(.BITS(SUM_BITS)) hold_sum (.clock(clock), .d(total), .q(sum));
endmodule

// The weights of one column: GROUP weights at a time, one bit of each a cycle. Weight w lies at bits
// [w*WEIGHT_BITS +: WEIGHT_BITS].
module lut_column #(
    parameter GROUP       = 4,
    parameter WEIGHT_BITS = 4,
    parameter STAGES      = WEIGHT_BITS > 1 ? $clog2(WEIGHT_BITS) : 1
) (
    input                          clock,
    input                          load,
    input  [GROUP*WEIGHT_BITS-1:0] weights_in,
    input  [STAGES-1:0]            place,
    output [GROUP-1:0]             index
);
  wire [GROUP*WEIGHT_BITS-1:0] weights, by_place;
  unit_register_enable #(.BITS(GROUP * WEIGHT_BITS)) hold (
      .clock(clock), .enable(load), .d(weights_in), .q(weights));
  genvar weight, weight_bit;
  generate
    for (weight_bit = 0; weight_bit < WEIGHT_BITS; weight_bit = weight_bit + 1) begin : places
      for (weight = 0; weight < GROUP; weight = weight + 1) begin : each
        assign by_place[weight_bit*GROUP+weight] = weights[weight*WEIGHT_BITS+weight_bit];
      end
    end
    if (WEIGHT_BITS > 1) begin : pick
      unit_multiplexer #(.INPUTS(WEIGHT_BITS), .BITS(GROUP)) pick_place (
          .words(by_place), .index(place), .word(index));
    end else begin : only
      assign index = by_place;
    end
  endgenerate
endmodule
