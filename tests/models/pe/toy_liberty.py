"""A cell library of six cells with invented areas and delays, for tests of the synthesis flow only."""

AREAS = {"INV": 1.0, "BUF": 1.5, "NAND2": 2.0, "NOR2": 2.5, "XOR2": 5.0, "DFF": 11.0}
FUNCTIONS = {"INV": "!A", "BUF": "A", "NAND2": "!(A & B)", "NOR2": "!(A | B)", "XOR2": "A ^ B"}
DELAYS_NS = {"INV": 0.010, "BUF": 0.020, "NAND2": 0.030, "NOR2": 0.040, "XOR2": 0.050}


def _table(kind, value):
    return f'{kind} (scalar_2x2) {{ values ("{value}, {value}", "{value}, {value}"); }}'


def _gate(name):
    pins = [pin for pin in "AB" if pin in FUNCTIONS[name]]
    inputs = "".join(f"pin ({pin}) {{ direction : input; capacitance : 1.0; }}\n" for pin in pins)
    delay = DELAYS_NS[name]
    tables = "\n".join(
        _table(kind, value)
        for kind, value in (
            ("cell_rise", delay),
            ("cell_fall", delay),
            ("rise_transition", 0.01),
            ("fall_transition", 0.01),
        )
    )
    arcs = "".join(f'timing () {{ related_pin : "{pin}"; timing_sense : non_unate;\n{tables}\n}}\n' for pin in pins)
    output = f'pin (Y) {{ direction : output; function : "{FUNCTIONS[name]}"; max_capacitance : 100.0;\n{arcs}}}\n'
    power = 'internal_power () { related_pin : "A"; }\n'
    return f"cell ({name}) {{ area : {AREAS[name]};\n{inputs}{output}{power}}}\n"


FLIP_FLOP = f"""cell (DFF) {{ area : {AREAS["DFF"]};
ff (IQ, IQN) {{ clocked_on : "C"; next_state : "D"; }}
pin (C) {{ direction : input; clock : true; capacitance : 1.0; }}
pin (D) {{ direction : input; capacitance : 1.0; }}
pin (Q) {{ direction : output; function : "IQ"; }}
}}
"""

HEAD = """/* a fixture { of tests */
library (toy_cells) {
revision : "7"; date : "$Date: today $";
delay_model : table_lookup;
time_unit : "1ns"; voltage_unit : "1V"; current_unit : "1uA"; pulling_resistance_unit : "1kohm";
leakage_power_unit : "1nW"; capacitive_load_unit (1, ff);
slew_lower_threshold_pct_rise : 20; slew_upper_threshold_pct_rise : 80;
default_max_transition : 1.0;
lu_table_template (scalar_2x2) { variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
index_1 ("0.01, 1.0"); index_2 ("1.0, 100.0"); }
"""

GATES = "".join(_gate(name) for name in FUNCTIONS)


def toy_liberty(gates=GATES, flip_flop=FLIP_FLOP, head=HEAD):
    """The text of the library."""
    return f"{head}{gates}{flip_flop}}}\n"
