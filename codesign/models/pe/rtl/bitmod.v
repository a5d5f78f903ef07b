// BitMoD's element: four FP16 activations times one term of four weights in each cycle, added to the sum of a group,
// which is multiplied by the group's 8-bit scale while the next group runs.
// A term is (-1)^negative * mantissa * 2^(exponent + significance), the significance shared by the four.
// A sum is a normalised two's complement word with an exponent.

// Shift right with the sign, by any amount of DISTANCE_BITS; 0 from 32 places on.
module bitmod_align #(
    parameter BITS = 24,
    parameter DISTANCE_BITS = 7
) (
    input  [BITS-1:0]          word,
    input  [DISTANCE_BITS-1:0] distance,
    output [BITS-1:0]          aligned
);
  wire [BITS-1:0] sign = {BITS{word[BITS-1]}};
  wire [BITS-1:0] positive, shifted, signed_result;
  unit_xor_row #(.BITS(BITS)) fold (.a(word), .b(sign), .result(positive));
  unit_barrel_shifter #(.BITS(BITS), .STAGES(5)) shift (.a(positive), .amount(distance[4:0]), .shifted(shifted));
  unit_xor_row #(.BITS(BITS)) unfold (.a(shifted), .b(sign), .result(signed_result));
  unit_and_row #(.BITS(BITS)) near (.a(signed_result), .enable(~|distance[DISTANCE_BITS-1:5]), .result(aligned));
endmodule

// Stages 1 and 2: the sum of four terms, aligned to the largest exponent with three guard bits.
module bitmod_partial (
    input         clock,
    input  [63:0] activations,
    input  [3:0]  negative,
    input  [3:0]  mantissa,
    input  [7:0]  exponent,
    input  [2:0]  significance,
    input         first,
    output [16:0] sum,
    output [5:0]  sum_exponent,
    output        sum_first
);
  wire [23:0] reached;
  wire [43:0] significand;
  wire [3:0]  sign;
  genvar lane;
  generate
    for (lane = 0; lane < 4; lane = lane + 1) begin : unpack
      wire [4:0] stored = activations[16*lane+10+:5];
      wire normal;
      wire [5:0] raised;
      unit_or_reduce #(.BITS(5)) hidden (.a(stored), .any(normal));
      unit_adder #(.BITS(6)) raise (
          .a({1'b0, stored[4:1], stored[0] | ~normal}), .b({4'b0, exponent[2*lane+:2]}), .sum(raised));
      unit_and_row #(.BITS(6)) keep_exponent (.a(raised), .enable(mantissa[lane]), .result(reached[6*lane+:6]));
      unit_and_row #(.BITS(11)) keep_significand (
          .a({normal, activations[16*lane+:10]}), .enable(mantissa[lane]), .result(significand[11*lane+:11]));
      assign sign[lane] = activations[16*lane+15];
    end
  endgenerate

  wire [5:0] left, right, largest;
  unit_maximum #(.BITS(6)) max_left (.a(reached[5:0]), .b(reached[11:6]), .larger(left));
  unit_maximum #(.BITS(6)) max_right (.a(reached[17:12]), .b(reached[23:18]), .larger(right));
  unit_maximum #(.BITS(6)) max_both (.a(left), .b(right), .larger(largest));

  wire [3:0] product_sign;
  unit_xor_row #(.BITS(4)) signs (.a(sign), .b(negative), .result(product_sign));

  wire [23:0] distance;
  wire [73:0] staged;
  generate
    for (lane = 0; lane < 4; lane = lane + 1) begin : measure
      wire [5:0] inverse;  // a - b is ~(~a + b)
      unit_adder #(.BITS(6)) subtract (.a(~largest), .b(reached[6*lane+:6]), .sum(inverse));
      assign distance[6*lane+:6] = ~inverse;
      wire near = ~|distance[6*lane+4+:2];
      unit_and_row #(.BITS(11)) drop_far (
          .a(significand[11*lane+:11]), .enable(near), .result(staged[11*lane+:11]));
      assign staged[44+4*lane+:4] = distance[6*lane+:4];
    end
  endgenerate
  assign staged[73:60] = {first, significance, largest, product_sign};
  wire [73:0] held;
  unit_register #(.BITS(74)) stage_1 (.clock(clock), .d(staged), .q(held));

  wire [59:0] words;
  generate
    for (lane = 0; lane < 4; lane = lane + 1) begin : add
      wire [13:0] aligned;
      unit_barrel_shifter #(.BITS(14), .STAGES(4)) align (
          .a({held[11*lane+:11], 3'b0}), .amount(held[44+4*lane+:4]), .shifted(aligned));
      unit_negate #(.BITS(15)) apply_sign (
          .a({1'b0, aligned}), .negative(held[60+lane]), .result(words[15*lane+:15]));
    end
  endgenerate
  wire [16:0] total;
  unit_adder_tree #(.INPUTS(4), .BITS(15)) tree (.words(words), .sum(total));
  wire [5:0] total_exponent;
  unit_adder #(.BITS(6)) place (.a(held[69:64]), .b({3'b0, held[72:70]}), .sum(total_exponent));
  unit_register #(.BITS(24)) stage_2 (
      .clock(clock), .d({held[73], total_exponent, total}), .q({sum_first, sum_exponent, sum}));
endmodule

// Stage 3: the sum of a group. The word with the smaller exponent is shifted down to the other, then both are added
// and the sum shifted up until its first two bits differ.
module bitmod_sum #(
    parameter SUM_BITS = 24
) (
    input                 clock,
    input  [16:0]         addend,
    input  [5:0]          addend_exponent,
    input                 first,
    output [SUM_BITS-1:0] sum,
    output [6:0]          exponent
);
  localparam B = SUM_BITS;
  localparam COUNT = $clog2(B);
  wire [B-1:0] old;
  wire [6:0] old_exponent;
  unit_and_row #(.BITS(B + 7)) restart (.a({exponent, sum}), .enable(~first), .result({old_exponent, old}));

  // 32 is added to the exponent of the addend.
  wire [6:0] new_exponent = {addend_exponent[5], ~addend_exponent[5], addend_exponent[4:0]};
  wire [B-1:0] word = {addend, {(B - 17) {1'b0}}};
  wire [7:0] lag;
  unit_adder #(.BITS(8)) compare (.a({1'b1, ~new_exponent}), .b({1'b0, old_exponent}), .sum(lag));
  wire behind = ~lag[7];
  wire [6:0] distance, reached;
  unit_negate #(.BITS(7)) magnitude (.a(~lag[6:0]), .negative(behind), .result(distance));
  unit_multiplexer #(.INPUTS(2), .BITS(7)) larger (
      .words({old_exponent, new_exponent}), .index(behind), .word(reached));
  wire [B-1:0] upper, lower, aligned;
  unit_multiplexer #(.INPUTS(2), .BITS(B)) pick_large (.words({old, word}), .index(behind), .word(upper));
  unit_multiplexer #(.INPUTS(2), .BITS(B)) pick_small (.words({word, old}), .index(behind), .word(lower));
  bitmod_align #(.BITS(B), .DISTANCE_BITS(7)) align (.word(lower), .distance(distance), .aligned(aligned));

  // Either the sum has one bit more than a word, or it starts with copies of its sign.
  wire [B:0] total;
  unit_adder #(.BITS(B + 1)) add (.a({upper[B-1], upper}), .b({aligned[B-1], aligned}), .sum(total));
  wire [B-1:0] changes;
  unit_xor_row #(.BITS(B)) compare_neighbours (.a(total[B:1]), .b(total[B-1:0]), .result(changes));
  wire overflow = changes[B-1];
  wire [COUNT-1:0] spare;
  unit_leading_zeros #(.BITS(B - 1)) count (.a(changes[B-2:0]), .count(spare));
  wire [B-1:0] reversed, shifted, raised, normal;
  genvar place;
  generate
    for (place = 0; place < B; place = place + 1) begin : mirror
      assign reversed[place] = total[B-1-place];
      assign raised[place] = shifted[B-1-place];
    end
  endgenerate
  unit_barrel_shifter #(.BITS(B), .STAGES(COUNT)) normalise (.a(reversed), .amount(spare), .shifted(shifted));
  unit_multiplexer #(.INPUTS(2), .BITS(B)) halve (
      .words({total[B:1], raised}), .index(overflow), .word(normal));

  wire nonzero;
  wire [6:0] inverse, next_exponent;
  unit_or_reduce #(.BITS(B + 1)) any (.a(total), .any(nonzero));
  unit_adder #(.BITS(7)) correct (
      .a(~reached), .b({{(7 - COUNT) {1'b0}}, spare} | {7{overflow}}), .sum(inverse));
  unit_and_row #(.BITS(7)) zero (.a(~inverse), .enable(nonzero), .result(next_exponent));
  unit_register #(.BITS(B + 7)) state (.clock(clock), .d({next_exponent, normal}), .q({exponent, sum}));
endmodule

// Stage 4: the sum of a group times its scale, one bit of the scale in a cycle from the lowest on.
module bitmod_scale #(
    parameter SUM_BITS = 24
) (
    input                 clock,
    input  [SUM_BITS-1:0] sum,
    input  [6:0]          exponent,
    input                 close,     // takes the finished sum over
    input                 start,     // the first bit of the scale
    input                 run,       // a bit of the scale
    input                 scale_bit,
    output [SUM_BITS+7:0] product,
    output [6:0]          product_exponent
);
  localparam B = SUM_BITS;
  wire [B-1:0] held, addend, before;
  unit_register_enable #(.BITS(B + 7)) finished (
      .clock(clock), .enable(close), .d({exponent, sum}), .q({product_exponent, held}));
  unit_and_row #(.BITS(B)) digit (.a(held), .enable(scale_bit), .result(addend));
  unit_and_row #(.BITS(B)) clear (.a(product[B+7:8]), .enable(~start), .result(before));
  wire [B:0] added;
  unit_adder #(.BITS(B + 1)) add (.a({addend[B-1], addend}), .b({before[B-1], before}), .sum(added));
  unit_register_enable #(.BITS(B + 8)) serial (
      .clock(clock), .enable(run), .d({added, product[7:1]}), .q(product));
endmodule

// The element. The sum over groups is added at the edge of the column.
module pe_bitmod #(
    parameter SUM_BITS = 24
) (
    input                 clock,
    input  [63:0]         activations,
    input  [3:0]          negative,
    input  [3:0]          mantissa,
    input  [7:0]          exponent,
    input  [2:0]          significance,
    input                 first,
    input                 close,
    input                 start,
    input                 run,
    input                 scale_bit,
    output [SUM_BITS+7:0] product,
    output [6:0]          product_exponent
);
  wire [16:0] partial;
  wire [5:0] partial_exponent;
  wire partial_first;
  bitmod_partial partials (
      .clock(clock), .activations(activations), .negative(negative), .mantissa(mantissa), .exponent(exponent),
      .significance(significance), .first(first), .sum(partial), .sum_exponent(partial_exponent),
      .sum_first(partial_first));
  wire [SUM_BITS-1:0] sum;
  wire [6:0] sum_exponent;
  bitmod_sum #(.SUM_BITS(SUM_BITS)) group (
      .clock(clock), .addend(partial), .addend_exponent(partial_exponent), .first(partial_first), .sum(sum),
      .exponent(sum_exponent));
  bitmod_scale #(.SUM_BITS(SUM_BITS)) scale (
      .clock(clock), .sum(sum), .exponent(sum_exponent), .close(close), .start(start), .run(run),
      .scale_bit(scale_bit), .product(product), .product_exponent(product_exponent));
endmodule
