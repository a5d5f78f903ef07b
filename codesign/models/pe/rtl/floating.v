// Floating-point multiply-accumulate elements (fp32, fp16, bf16, fp8-e4m3, fp8-e5m2) and the units at their edges.
// Numbers are sign, biased exponent, stored mantissa; exponent 0 is zero.

// a * b, exact in a wider format. OUT_MANTISSA_BITS >= 2 * MANTISSA_BITS + 1. A product below the normal range is zero,
// one above it infinity; where the widths rule both out, neither is looked for.
module float_exact_product #(
    parameter EXPONENT_BITS     = 5,
    parameter MANTISSA_BITS     = 10,
    parameter BIAS              = 15,
    parameter OUT_EXPONENT_BITS = 8,
    parameter OUT_MANTISSA_BITS = 23
) (
    input  [EXPONENT_BITS+MANTISSA_BITS:0]         a,
    input  [EXPONENT_BITS+MANTISSA_BITS:0]         b,
    output [OUT_EXPONENT_BITS+OUT_MANTISSA_BITS:0] product
);
  localparam E = EXPONENT_BITS;
  localparam M = MANTISSA_BITS;
  localparam OE = OUT_EXPONENT_BITS;
  localparam FRACTION = 2 * M + 1;
  localparam OFFSET = (1 << (OE - 1)) - 1 - 2 * BIAS;
  localparam LEAVES = (2 + OFFSET < 1) || (2 * ((1 << E) - 1) + 1 + OFFSET > (1 << OE) - 2);
  localparam WIDTH = (E > OE ? E : OE) + (LEAVES ? 2 : 0);

  wire [2*M+1:0] significand;
  unit_multiplier #(.A_BITS(M + 1), .B_BITS(M + 1)) multiply_significands (
      .a({1'b1, a[M-1:0]}), .b({1'b1, b[M-1:0]}), .product(significand));
  wire carry = significand[2*M+1];

  // One place more where the product reaches 2; the leading one is hidden.
  wire [FRACTION-1:0] fraction;
  unit_multiplexer #(.INPUTS(2), .BITS(FRACTION)) normalise (
      .words({significand[2*M:0], {significand[2*M-1:0], 1'b0}}), .index(carry), .word(fraction));

  wire [WIDTH-1:0] exponent_sum, exponent;
  unit_adder #(.BITS(WIDTH)) add_exponents (
      .a({{(WIDTH - E) {1'b0}}, a[E+M-1:M]}), .b({{(WIDTH - E) {1'b0}}, b[E+M-1:M]}), .sum(exponent_sum));
  localparam [WIDTH-1:0] PLAIN = OFFSET;
  localparam [WIDTH-1:0] CARRIED = OFFSET + 1;
  unit_adder #(.BITS(WIDTH)) rebias (.a(exponent_sum), .b(carry ? CARRIED : PLAIN), .sum(exponent));

  wire a_normal, b_normal, sign;
  unit_or_reduce #(.BITS(E)) find_zero_a (.a(a[E+M-1:M]), .any(a_normal));
  unit_or_reduce #(.BITS(E)) find_zero_b (.a(b[E+M-1:M]), .any(b_normal));
  unit_xor_row #(.BITS(1)) multiply_signs (.a(a[E+M]), .b(b[E+M]), .result(sign));

  wire below, above;
  generate
    if (LEAVES) begin : limits
      assign below = exponent[WIDTH-1] | (exponent == 0);
      assign above = ~exponent[WIDTH-1] & (exponent >= (1 << OE) - 1);
    end else begin : no_limits
      assign below = 1'b0;
      assign above = 1'b0;
    end
  endgenerate

  wire [OE+FRACTION-1:0] finite = above ? {{OE{1'b1}}, {FRACTION{1'b0}}} : {exponent[OE-1:0], fraction};
  wire [OE+FRACTION-1:0] magnitude;
  unit_and_row #(.BITS(OE + FRACTION)) zero (
      .a(finite), .enable(a_normal & b_normal & ~below), .result(magnitude));
  assign product = {sign, magnitude, {(OUT_MANTISSA_BITS - FRACTION) {1'b0}}};
endmodule

// One element: sum <= sum_in + activation_in * weight, the activation and the weight passed on. The product is exact
// where the sum is wider than the operands, else rounded.
module pe_floating #(
    parameter EXPONENT_BITS     = 5,
    parameter MANTISSA_BITS     = 10,
    parameter BIAS              = 15,
    parameter SUM_EXPONENT_BITS = 8,
    parameter SUM_MANTISSA_BITS = 23
) (
    input                                          clock,
    input                                          load_weight,
    input  [EXPONENT_BITS+MANTISSA_BITS:0]         activation_in,
    input  [EXPONENT_BITS+MANTISSA_BITS:0]         weight_in,
    input  [SUM_EXPONENT_BITS+SUM_MANTISSA_BITS:0] sum_in,
    output [EXPONENT_BITS+MANTISSA_BITS:0]         activation,
    output [EXPONENT_BITS+MANTISSA_BITS:0]         weight,
    output [SUM_EXPONENT_BITS+SUM_MANTISSA_BITS:0] sum
);
  localparam BITS = 1 + EXPONENT_BITS + MANTISSA_BITS;
  localparam SUM_BITS = 1 + SUM_EXPONENT_BITS + SUM_MANTISSA_BITS;
  wire [SUM_BITS-1:0] product, total;

  generate
    if (SUM_BITS == BITS) begin : rounded
      unit_float_multiply #(.EXPONENT_BITS(EXPONENT_BITS), .MANTISSA_BITS(MANTISSA_BITS)) multiply (
          .a(activation_in), .b(weight), .product(product));
    end else begin : exact
      float_exact_product #(
          .EXPONENT_BITS(EXPONENT_BITS), .MANTISSA_BITS(MANTISSA_BITS), .BIAS(BIAS),
          .OUT_EXPONENT_BITS(SUM_EXPONENT_BITS), .OUT_MANTISSA_BITS(SUM_MANTISSA_BITS)
      ) multiply (.a(activation_in), .b(weight), .product(product));
    end
  endgenerate
  unit_float_add #(.EXPONENT_BITS(SUM_EXPONENT_BITS), .MANTISSA_BITS(SUM_MANTISSA_BITS)) add (
      .a(product), .b(sum_in), .sum(total));

  unit_register #(.BITS(BITS)) hold_activation (.clock(clock), .d(activation_in), .q(activation));
  unit_register_enable #(.BITS(BITS)) hold_weight (
      .clock(clock), .enable(load_weight), .d(weight_in), .q(weight));
  unit_register #(.BITS(SUM_BITS)) hold_sum (.clock(clock), .d(total), .q(sum));
endmodule

// An integer weight to floating point: scale * (code - zero), rounded once. Codes are unsigned; a signed code comes with
// its top bit inverted and the zero point 2^(WEIGHT_BITS-1).
module float_dequantiser #(
    parameter WEIGHT_BITS   = 4,
    parameter EXPONENT_BITS = 5,
    parameter MANTISSA_BITS = 10
) (
    input  [WEIGHT_BITS-1:0]               code,
    input  [WEIGHT_BITS-1:0]               zero,
    input  [EXPONENT_BITS+MANTISSA_BITS:0] scale,
    output [EXPONENT_BITS+MANTISSA_BITS:0] weight
);
  localparam W = WEIGHT_BITS;
  localparam E = EXPONENT_BITS;
  localparam M = MANTISSA_BITS;
  localparam STAGES = W > 1 ? $clog2(W) : 1;
  localparam TOP = (1 << (E - 1)) - 1 + W - 1;
  localparam [E-1:0] TOP_EXPONENT = TOP;

  wire [W:0] difference, magnitude;
  unit_adder #(.BITS(W + 1)) subtract_zero (.a({1'b0, code}), .b(-{1'b0, zero}), .sum(difference));
  unit_negate #(.BITS(W + 1)) take_magnitude (.a(difference), .negative(difference[W]), .result(magnitude));

  wire [$clog2(W+1)-1:0] zeros;
  unit_leading_zeros #(.BITS(W)) count_zeros (.a(magnitude[W-1:0]), .count(zeros));

  // A left shift is a right shift of the reversed word.
  wire [W-1:0] reversed, shifted, significand;
  genvar place;
  generate
    for (place = 0; place < W; place = place + 1) begin : reverse
      assign reversed[place] = magnitude[W-1-place];
      assign significand[place] = shifted[W-1-place];
    end
  endgenerate
  unit_barrel_shifter #(.BITS(W), .STAGES(STAGES)) normalise (
      .a(reversed), .amount(zeros[STAGES-1:0]), .shifted(shifted));

  wire [E-1:0] exponent;
  unit_adder #(.BITS(E)) bias_exponent (.a(TOP_EXPONENT), .b(-{{(E - $clog2(W + 1)) {1'b0}}, zeros}), .sum(exponent));
  wire nonzero = |magnitude[W-1:0];
  wire [E+M:0] integer_value = {difference[W], exponent & {E{nonzero}}, significand[W-2:0], {(M - W + 1) {1'b0}}};
  unit_float_multiply #(.EXPONENT_BITS(E), .MANTISSA_BITS(M)) times_scale (
      .a(integer_value), .b(scale), .product(weight));
endmodule

// An FP8 code with one more exponent bit, so that every subnormal has a leading one. The exponent of a normal number
// grows by PLACES, the smallest subnormal gets exponent 1, zero keeps 0.
module float_normalise_subnormals #(
    parameter EXPONENT_BITS = 4,
    parameter MANTISSA_BITS = 3
) (
    input  [EXPONENT_BITS+MANTISSA_BITS:0]   code,
    output [EXPONENT_BITS+MANTISSA_BITS+1:0] number
);
  localparam E = EXPONENT_BITS;
  localparam M = MANTISSA_BITS;
  localparam [E:0] PLACES = M;

  wire [E-1:0] stored = code[E+M-1:M];
  wire [M-1:0] mantissa = code[M-1:0];
  wire normal;
  unit_or_reduce #(.BITS(E)) find_normal (.a(stored), .any(normal));
  wire [E:0] exponent;
  unit_adder #(.BITS(E + 1)) rebias (.a({1'b0, stored}), .b(PLACES), .sum(exponent));

  // The place of the leading one becomes the exponent, what follows it the mantissa.
  reg [E:0] small_exponent;
  reg [M-1:0] small_mantissa;
  integer place;
  always @* begin
    small_exponent = 0;
    small_mantissa = 0;
    for (place = 0; place < M; place = place + 1)
      if (mantissa[place]) begin
        small_exponent = place + 1;
        small_mantissa = mantissa << (M - place);
      end
  end
  wire [E+M:0] magnitude;
  unit_multiplexer #(.INPUTS(2), .BITS(E + M + 1)) choose (
      .words({{exponent, mantissa}, {small_exponent, small_mantissa}}), .index(normal), .word(magnitude));
  assign number = {code[E+M], magnitude};
endmodule
