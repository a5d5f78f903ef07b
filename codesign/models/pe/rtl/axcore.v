// AxCore: a tile of LANES x COLUMNS approximate multipliers, each one adder of codes, with one adder per column that
// aligns and doesn't normalise; PreAdd at the edge of a row, Norm and AxScale at the foot of a column.
// A product is sign, exponent of X = EXPONENT_BITS + 1 bits and mantissa.

// A row's PreAdd: exponent and mantissa of an activation plus the constant RISE; the sign passes. Subnormals are zero.
module axcore_preadd #(
    parameter EXPONENT_BITS = 5,
    parameter MANTISSA_BITS = 10,
    parameter RISE          = 7211
) (
    input                                    clock,
    input  [EXPONENT_BITS+MANTISSA_BITS:0]   activation,
    output [EXPONENT_BITS+MANTISSA_BITS+1:0] advanced,
    output                                   valid
);
  localparam W = EXPONENT_BITS + MANTISSA_BITS;
  wire [W:0] sum;
  wire normal;
  unit_adder #(.BITS(W + 1)) add (.a({1'b0, activation[W-1:0]}), .b(RISE[W:0]), .sum(sum));
  unit_or_reduce #(.BITS(EXPONENT_BITS)) hidden (.a(activation[W-1-:EXPONENT_BITS]), .any(normal));
  unit_register #(.BITS(W + 3)) hold (.clock(clock), .d({normal, activation[W], sum}), .q({valid, advanced}));
endmodule

// A weight with a hidden one; subnormals of E4M3 are the nearest such number, 2/8 by the random bit.
module axcore_guard #(
    parameter WEIGHT_EXPONENT_BITS = 2,
    parameter WEIGHT_MANTISSA_BITS = 1
) (
    input  [WEIGHT_EXPONENT_BITS+WEIGHT_MANTISSA_BITS-1:0] weight,
    input                                                  random_bit,
    output [WEIGHT_EXPONENT_BITS+WEIGHT_MANTISSA_BITS-1:0] guarded,
    output                                                 nonzero
);
  localparam M = WEIGHT_MANTISSA_BITS;
  localparam B = WEIGHT_EXPONENT_BITS + WEIGHT_MANTISSA_BITS;
  wire normal = |weight[B-1:M];
  generate
    if (M == 1) begin : e2m1
      assign guarded = {weight[B-1:1], weight[0] & normal};
      assign nonzero = |weight;
    end else begin : e4m3
      wire half = weight[2];
      assign guarded = normal ? weight : {{(B - 3) {1'b0}}, half & weight[1], half & weight[0], 1'b0};
      assign nonzero = normal | half | (weight[1] & (weight[0] | random_bit));
    end
  endgenerate
endmodule

// Adds LANES products to a partial sum: all aligned to the largest exponent, in two's complement, not normalised.
module axcore_add #(
    parameter EXPONENT_BITS = 6,
    parameter MANTISSA_BITS = 10,
    parameter INTEGER_BITS  = 4
) (
    input  [4*EXPONENT_BITS-1:0]                      exponents,
    input  [4*MANTISSA_BITS-1:0]                      mantissas,
    input  [3:0]                                      negative,
    input  [3:0]                                      valid,
    input  [EXPONENT_BITS+INTEGER_BITS+MANTISSA_BITS+2:0] sum_in,
    output [EXPONENT_BITS+INTEGER_BITS+MANTISSA_BITS+2:0] sum_out
);
  localparam X = EXPONENT_BITS;
  localparam M = MANTISSA_BITS;
  localparam P = 1 + INTEGER_BITS + M + 2;
  wire [X-1:0] exponent_in = sum_in[P+:X];
  wire [P-1:0] word_in = sum_in[P-1:0];

  wire [X-1:0] lower, upper, both, largest;
  unit_maximum #(.BITS(X)) max_lower (.a(exponents[X-1:0]), .b(exponents[2*X-1:X]), .larger(lower));
  unit_maximum #(.BITS(X)) max_upper (.a(exponents[3*X-1:2*X]), .b(exponents[4*X-1:3*X]), .larger(upper));
  unit_maximum #(.BITS(X)) max_both (.a(lower), .b(upper), .larger(both));
  unit_maximum #(.BITS(X)) max_all (.a(both), .b(exponent_in), .larger(largest));

  // a - b is ~(~a + b)
  wire [4*(M+4)-1:0] words;
  genvar lane;
  generate
    for (lane = 0; lane < 4; lane = lane + 1) begin : align
      wire [X-1:0] inverse;
      wire [M:0] near;
      wire [M+2:0] shifted;
      unit_adder #(.BITS(X)) subtract (.a(~largest), .b(exponents[X*lane+:X]), .sum(inverse));
      unit_and_row #(.BITS(M + 1)) drop (
          .a({1'b1, mantissas[M*lane+:M]}), .enable(valid[lane] & (&inverse[X-1:4])), .result(near));
      unit_barrel_shifter #(.BITS(M + 3), .STAGES(4)) shift (
          .a({near, 2'b0}), .amount(~inverse[3:0]), .shifted(shifted));
      unit_negate #(.BITS(M + 4)) apply_sign (
          .a({1'b0, shifted}), .negative(negative[lane]), .result(words[(M+4)*lane+:M+4]));
    end
  endgenerate

  wire [X-1:0] inverse_in;
  wire [P-1:0] sign_in = {P{word_in[P-1]}};
  wire [P-1:0] folded, shifted_in, unfolded, aligned_in;
  unit_adder #(.BITS(X)) subtract_in (.a(~largest), .b(exponent_in), .sum(inverse_in));
  unit_xor_row #(.BITS(P)) fold (.a(word_in), .b(sign_in), .result(folded));
  unit_barrel_shifter #(.BITS(P), .STAGES(5)) shift_in (.a(folded), .amount(~inverse_in[4:0]), .shifted(shifted_in));
  unit_xor_row #(.BITS(P)) unfold (.a(shifted_in), .b(sign_in), .result(unfolded));
  unit_and_row #(.BITS(P)) drop_in (.a(unfolded), .enable(&inverse_in[X-1:5]), .result(aligned_in));

  wire [M+5:0] products;
  wire [P-1:0] total;
  unit_adder_tree #(.INPUTS(4), .BITS(M + 4)) tree (.words(words), .sum(products));
  wire signed [P+M+5:0] wide_products = $signed(products);
  unit_adder #(.BITS(P)) add (.a(aligned_in), .b(wide_products[P-1:0]), .sum(total));
  assign sum_out = {largest, total};
endmodule

// The tile. Activations arrive from PreAdd or from the tile before, sums from the tile above. A weight is locked in its
// place.
module pe_axcore #(
    parameter EXPONENT_BITS        = 5,
    parameter MANTISSA_BITS        = 10,
    parameter WEIGHT_EXPONENT_BITS = 2,
    parameter WEIGHT_MANTISSA_BITS = 1,
    parameter INTEGER_BITS         = 4,
    parameter COLUMNS              = 4,
    parameter WEIGHT_BITS          = 1 + WEIGHT_EXPONENT_BITS + WEIGHT_MANTISSA_BITS,
    parameter ADVANCED_BITS        = EXPONENT_BITS + MANTISSA_BITS + 3,
    parameter SUM_BITS             = EXPONENT_BITS + INTEGER_BITS + MANTISSA_BITS + 4
) (
    input                              clock,
    input                              load_weight,
    input  [4*ADVANCED_BITS-1:0]       advanced_in,  // valid, sign, exponent, mantissa of each lane
    input  [4*COLUMNS*WEIGHT_BITS-1:0] weight_in,
    input  [COLUMNS*SUM_BITS-1:0]      sum_in,
    output [4*ADVANCED_BITS-1:0]       advanced,
    output [4*COLUMNS*WEIGHT_BITS-1:0] weight,
    output [COLUMNS*SUM_BITS-1:0]      sum
);
  localparam X = EXPONENT_BITS + 1;
  localparam M = MANTISSA_BITS;
  localparam F = MANTISSA_BITS - WEIGHT_MANTISSA_BITS;
  localparam T = ADVANCED_BITS;
  localparam B = WEIGHT_BITS;

  unit_register #(.BITS(4 * T)) hold_activations (.clock(clock), .d(advanced_in), .q(advanced));
  unit_register_enable #(.BITS(4 * COLUMNS * B)) hold_weights (
      .clock(clock), .enable(load_weight), .d(weight_in), .q(weight));

  genvar column, lane;
  generate
    for (column = 0; column < COLUMNS; column = column + 1) begin : columns
      wire [4*X-1:0] exponents;
      wire [4*M-1:0] mantissas;
      wire [3:0] negative, valid;
      for (lane = 0; lane < 4; lane = lane + 1) begin : lanes
        wire [B-1:0] code = weight[(4*column+lane)*B+:B];
        wire [T-1:0] activation = advanced[T*lane+:T];
        wire [B-2:0] guarded;
        wire nonzero;
        wire [X+M-F-1:0] raised;
        axcore_guard #(
            .WEIGHT_EXPONENT_BITS(WEIGHT_EXPONENT_BITS), .WEIGHT_MANTISSA_BITS(WEIGHT_MANTISSA_BITS)
        ) guard (.weight(code[B-2:0]), .random_bit(activation[M-1]), .guarded(guarded), .nonzero(nonzero));
        unit_adder #(.BITS(X + M - F)) multiply (
            .a(activation[X+M-1:F]), .b({{(X + M - F - B + 1) {1'b0}}, guarded}), .sum(raised));
        assign valid[lane] = activation[T-1] & nonzero;
        unit_and_row #(.BITS(X)) zero (
            .a(raised[X+M-F-1-:X]), .enable(valid[lane]), .result(exponents[X*lane+:X]));
        assign mantissas[M*lane+:M] = {raised[M-F-1:0], activation[F-1:0]};
        unit_xor_row #(.BITS(1)) sign (.a(activation[T-2]), .b(code[B-1]), .result(negative[lane]));
      end
      wire [SUM_BITS-1:0] total;
      axcore_add #(.EXPONENT_BITS(X), .MANTISSA_BITS(M), .INTEGER_BITS(INTEGER_BITS)) add (
          .exponents(exponents), .mantissas(mantissas), .negative(negative), .valid(valid),
          .sum_in(sum_in[SUM_BITS*column+:SUM_BITS]), .sum_out(total));
      unit_register #(.BITS(SUM_BITS)) hold_sum (
          .clock(clock), .d(total), .q(sum[SUM_BITS*column+:SUM_BITS]));
    end
  endgenerate
endmodule

// A column's Norm and AxScale: rounds a partial sum to MANTISSA_BITS, multiplies it by the group's scale by adding codes,
// and adds the result to the total in FP32. RISE is the compensation and the change of biases, in places of the mantissa.
module axcore_scale_unit #(
    parameter EXPONENT_BITS = 5,
    parameter MANTISSA_BITS = 10,
    parameter INTEGER_BITS  = 4,
    parameter RISE          = 91194
) (
    input                                               clock,
    input                                               load_scale,
    input  [EXPONENT_BITS+MANTISSA_BITS:0]              scale,
    input  [EXPONENT_BITS+INTEGER_BITS+MANTISSA_BITS+3:0] sum,
    input  [31:0]                                       total_in,
    output [31:0]                                       total
);
  localparam X = EXPONENT_BITS + 1;
  localparam M = MANTISSA_BITS;
  localparam P = 1 + INTEGER_BITS + M + 2;
  localparam C = $clog2(P + 1);
  localparam W = 10 + M;

  // Scale and constants are added once per group.
  wire [W-1:0] prepared, factor;
  wire scale_normal, factor_valid;
  unit_adder #(.BITS(W)) prepare (
      .a({{(W - EXPONENT_BITS - M) {1'b0}}, scale[EXPONENT_BITS+M-1:0]}), .b(RISE[W-1:0]), .sum(prepared));
  unit_or_reduce #(.BITS(EXPONENT_BITS)) hidden (.a(scale[M+:EXPONENT_BITS]), .any(scale_normal));
  unit_register_enable #(.BITS(W + 1)) hold_factor (
      .clock(clock), .enable(load_scale), .d({scale_normal, prepared}), .q({factor_valid, factor}));

  wire [P-1:0] word = sum[P-1:0];
  wire [P-1:0] magnitude, reversed, shifted, normal;
  wire [C-1:0] zeros;
  unit_negate #(.BITS(P)) absolute (.a(word), .negative(word[P-1]), .result(magnitude));
  unit_leading_zeros #(.BITS(P)) count (.a(magnitude), .count(zeros));
  genvar place;
  generate
    for (place = 0; place < P; place = place + 1) begin : reverse
      assign reversed[place] = magnitude[P-1-place];
      assign normal[place] = shifted[P-1-place];
    end
  endgenerate
  unit_barrel_shifter #(.BITS(P), .STAGES(C)) normalise (.a(reversed), .amount(zeros), .shifted(shifted));
  wire round_up = normal[P-M-2] & (|normal[P-M-3:0] | normal[P-M-1]);

  // exponent - zeros is ~(~exponent + zeros); the highest place is INTEGER_BITS above the point.
  wire [9:0] inverse;
  unit_adder #(.BITS(10)) place_exponent (
      .a(~{{(10 - X) {1'b0}}, sum[P+:X]}), .b({{(10 - C) {1'b0}}, zeros}), .sum(inverse));
  wire [W-1:0] rounded, product;
  unit_adder #(.BITS(W)) round (.a({~inverse, normal[P-2-:M]}), .b({{(W - 1) {1'b0}}, round_up}), .sum(rounded));
  wire [W-1:0] held;
  wire held_sign, held_valid;
  unit_register #(.BITS(W + 2)) stage_1 (
      .clock(clock), .d({|magnitude, word[P-1], rounded}), .q({held_valid, held_sign, held}));

  unit_adder #(.BITS(W)) multiply (.a(held), .b(factor), .sum(product));
  wire [M+7:0] value;
  unit_and_row #(.BITS(M + 8)) zero (
      .a(product[M+7:0]), .enable(held_valid & factor_valid & ~product[W-1] & |product[W-2:M]), .result(value));
  wire [31:0] scaled, new_total;
  unit_register #(.BITS(M + 9)) stage_2 (
      .clock(clock), .d({held_sign, value}), .q(scaled[31-:M+9]));
  assign scaled[22-M:0] = 0;
  unit_float_add #(.EXPONENT_BITS(8), .MANTISSA_BITS(23)) add (.a(scaled), .b(total_in), .sum(new_total));
  unit_register #(.BITS(32)) hold_total (.clock(clock), .d(new_total), .q(total));
endmodule
