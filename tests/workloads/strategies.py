"""Hypothesis strategies for layers."""

from hypothesis import strategies as st

from codesign.workloads.layer import Layer

_NAMES = st.text("abcDPxz019_ .,", min_size=1, max_size=12).filter(str.strip)


@st.composite
def conv_layers(draw: st.DrawFn) -> Layer:
    """Convolutions whose windows fit their input, groups included, with one stride for rows and columns."""
    groups = draw(st.integers(1, 4))
    kernel_height, kernel_width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    out_height, out_width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    stride = draw(st.integers(1, 3))
    pad_height, pad_width = draw(st.integers(0, kernel_height - 1)), draw(st.integers(0, kernel_width - 1))
    return Layer(
        name=draw(_NAMES),
        kind="conv",
        batch=draw(st.integers(1, 3)),
        in_channels=groups * draw(st.integers(1, 4)),
        out_channels=groups * draw(st.integers(1, 4)),
        kernel_height=kernel_height,
        kernel_width=kernel_width,
        out_height=out_height,
        out_width=out_width,
        stride_height=stride,
        stride_width=stride,
        groups=groups,
        in_height=(out_height - 1) * stride + kernel_height - pad_height,
        in_width=(out_width - 1) * stride + kernel_width - pad_width,
        pad_height=pad_height,
        pad_width=pad_width,
        count=draw(st.integers(1, 3)),
    )


@st.composite
def product_layers(draw: st.DrawFn) -> Layer:
    """Matrix products with stored weights or of two activations."""
    rows = draw(st.integers(1, 9))
    return Layer(
        name=draw(_NAMES),
        kind=draw(st.sampled_from(["linear", "matmul"])),
        batch=draw(st.integers(1, 3)),
        in_channels=draw(st.integers(1, 9)),
        out_channels=draw(st.integers(1, 9)),
        kernel_height=1,
        kernel_width=1,
        out_height=rows,
        out_width=1,
        stride_height=1,
        stride_width=1,
        groups=1,
        in_height=rows,
        in_width=1,
        count=draw(st.integers(1, 4)),
    )


layers = conv_layers() | product_layers()
