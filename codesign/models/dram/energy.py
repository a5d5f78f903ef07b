"""Energy of a DRAM channel from the commands sent and the clocks spent in each state."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from codesign.errors import UserError
from codesign.technology.dram_devices import DramDevice, Supply

FloatArray = npt.NDArray[np.float64]
PARTS = (
    "activate",
    "precharge",
    "read",
    "write",
    "refresh",
    "active_standby",
    "precharged_standby",
    "power_down",
    "self_refresh",
)


def command_energy_pj(device: DramDevice) -> dict[str, float]:
    """Energy of one command of a whole rank, in pJ.

    With V in V, I in mA, t in ns, summed over supplies and times devices per rank:
    activate V (IDD0 - IDD3N) tRAS; precharge V (IDD0 - IDD2N) (tRC - tRAS); read V (IDD4R - IDD3N) burst;
    write V (IDD4W - IDD3N) burst; refresh V (IDD5 - IDD3N) tRFC; bank_refresh V (IDD5pb - IDD2N) tREFIpb, since IDD5pb
    is a mean over the time between two refreshes of banks.

    Source: DRAMPower 4 (Chandrasekar et al.), ``MemoryPowerModel.cc``; refresh per bank by the definition of IDD5pb in
    JESD209-4 (remembered).

    Raises:
        UserError: the currents are not public.
    """
    device.require_energy()
    t, scale = device.clocks, device.tck_ns * device.devices_per_rank
    energy = dict.fromkeys(("activate", "precharge", "read", "write", "refresh", "bank_refresh"), 0.0)
    for supply in device.supplies:
        i, volts = supply.milliamperes, supply.volts * scale
        energy["activate"] += volts * (i["idd0"] - i["idd3n"]) * t["ras"]
        energy["precharge"] += volts * (i["idd0"] - i["idd2n"]) * (t["rc"] - t["ras"])
        energy["read"] += volts * (i["idd4r"] - i["idd3n"]) * device.burst_clocks
        energy["write"] += volts * (i["idd4w"] - i["idd3n"]) * device.burst_clocks
        energy["refresh"] += volts * (i["idd5"] - i["idd3n"]) * t["rfc"]
        if "idd5_pb" in i:
            energy["bank_refresh"] += volts * (i["idd5_pb"] - i["idd2n"]) * t["refi_pb"]
    return energy


def background_mw(device: DramDevice, current: str) -> float:
    """Power of a rank drawn in one state, in mW."""

    def drawn(supply: Supply) -> float:
        if current not in supply.milliamperes:
            raise UserError(f"no public current {current!r} for the DRAM device {device.name!r}")
        return supply.volts * supply.milliamperes[current]

    return device.devices_per_rank * sum(drawn(supply) for supply in device.supplies)


def energy_parts_pj(counts: Mapping[str, FloatArray], device: DramDevice, ranks: int) -> dict[str, FloatArray]:
    """Energy by part, in pJ.

    Commands as in ``command_energy_pj``; states: V I t with IDD3N while a bank of the rank is active, IDD2N while none
    is, IDD3P and IDD2P in power-down, IDD6 in self-refresh.

    Args:
        counts: commands by name, ``precharges`` (rows closed), and in clocks ``clocks``, ``active``, ``active_down``,
            ``precharged_down``, ``self_refresh``, the last four summed over ranks; each (n,).
        device: whose currents count.
        ranks: of all channels together.

    Returns:
        Part -> (n,).

    Raises:
        UserError: the currents are not public.
    """
    one = command_energy_pj(device)
    tck = device.tck_ns
    down = counts["active_down"] + counts["precharged_down"] + counts["self_refresh"]
    precharged = counts["clocks"] * ranks - counts["active"] - down
    parts = {
        "activate": one["activate"] * counts["ACT"],
        "precharge": one["precharge"] * counts["precharges"],
        "read": one["read"] * (counts["RD"] + counts["RDA"]),
        "write": one["write"] * (counts["WR"] + counts["WRA"]),
        "refresh": one["refresh"] * counts["REFA"] + one["bank_refresh"] * counts["REFB"],
        "active_standby": background_mw(device, "idd3n") * tck * counts["active"],
        "precharged_standby": background_mw(device, "idd2n") * tck * precharged,
        "power_down": np.zeros_like(counts["clocks"]),
        "self_refresh": np.zeros_like(counts["clocks"]),
    }
    if down.any():
        parts["power_down"] = tck * (
            background_mw(device, "idd3p") * counts["active_down"]
            + background_mw(device, "idd2p") * counts["precharged_down"]
        )
        parts["self_refresh"] = background_mw(device, "idd6") * tck * counts["self_refresh"]
    return parts
