"""Settings of a controller as the record that the compiled simulator reads, with everything checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from codesign.errors import ModelInputError, nearest
from codesign.models.dram import settings as names
from codesign.models.dram.settings import ControllerSettings
from codesign.models.dram.state import (
    BATCHED,
    CHANNEL,
    CONFIG,
    FIRST_READY,
    LONG_AGO,
    MOST_GROUPS,
    NEVER,
    NO_DRAIN,
    ROUND_ROBIN,
    SIMPLE,
    WATERMARKS,
)
from codesign.models.dram.timing import PER_BANK_REFRESH, require_power_down, spacings
from codesign.technology.dram_devices import DramDevice

ANSWERS_ON_THE_WAY = 256
"""Requests that have left the buffers and still hold a place where the arbiter sets no limit of active ones."""
_CHOICES = {
    "page_policy": names.PAGE_POLICIES,
    "scheduler": (*names.SCHEDULERS, *names.BATCHING_SCHEDULERS, *names.TIMED_SCHEDULERS),
    "scheduler_buffer": names.SCHEDULER_BUFFERS,
    "response_queue": names.RESPONSE_QUEUES,
    "refresh_policy": names.REFRESH_POLICIES,
    "arbiter": names.ARBITERS,
    "power_down": names.POWER_DOWN_POLICIES,
    "command_order": names.COMMAND_ORDERS,
    "write_drain": names.WRITE_DRAINS,
}
_FIELDS = {
    "page_policy": "page_policy",
    "scheduler": "scheduler",
    "scheduler_buffer": "buffer",
    "response_queue": "reorder_responses",
    "refresh_policy": "refresh",
    "arbiter": "arbiter",
    "power_down": "power_down",
    "command_order": "command_order",
    "write_drain": "drain",
}
_CODES = {
    "page_policy": ("Open", "OpenAdaptive", "Closed", "ClosedAdaptive"),
    "scheduler": ("Fifo", "FrFcfsGrp", "FrFcfs", "GrpFrFcfsWm", "FirstReady"),
    "scheduler_buffer": ("Bankwise", "ReadWrite", "Shared"),
    "response_queue": ("Fifo", "Reorder"),
    "refresh_policy": ("NoRefresh", "AllBank", "PerBank"),
    "arbiter": ("Simple", "Fifo", "Reorder"),
    "power_down": ("NoPowerDown", "Staggered"),
    "command_order": ("Oldest", "ColumnsFirst", "RoundRobin"),
    "write_drain": ("NoDrain", "Watermarks", "Batch"),
}


def _check_counts(settings: ControllerSettings) -> None:
    for name in ("request_buffer_size", "max_active_transactions"):
        value = getattr(settings, name)
        if value < 1:
            raise ModelInputError(f"{name} must be at least 1, found {value}")
    for name in ("refresh_max_postponed", "refresh_max_pulledin"):
        value = getattr(settings, name)
        if not 0 <= value <= names.MOST_REFRESHES_MOVED:
            raise ModelInputError(f"{name} must be 0 to {names.MOST_REFRESHES_MOVED} (JEDEC), found {value}")
    low, high = settings.write_low_watermark, settings.write_high_watermark
    if settings.scheduler in names.BATCHING_SCHEDULERS and not 0 <= low < high:
        raise ModelInputError(f"watermarks of batched writes must be 0 <= low < high, found low {low}, high {high}")


def _check_write_buffers(settings: ControllerSettings) -> None:
    for name in ("write_buffer_size", "bank_queue_size", "row_hit_cap"):
        value = getattr(settings, name)
        if value < 0:
            raise ModelInputError(f"{name} must be at least 0, found {value}")
    if settings.write_buffer_size and settings.scheduler_buffer != "ReadWrite":
        raise ModelInputError(
            f"write_buffer_size goes with the scheduler_buffer 'ReadWrite', found {settings.scheduler_buffer!r}"
        )
    if settings.bank_queue_size and settings.scheduler_buffer == "Bankwise":
        raise ModelInputError(
            "bank_queue_size goes with the scheduler_buffer 'ReadWrite' or 'Shared', found 'Bankwise'"
        )
    if settings.bank_queue_size and settings.scheduler in names.BATCHING_SCHEDULERS:
        raise ModelInputError(f"{settings.scheduler} has no meaning behind bank_queue_size; use write_drain")
    if settings.active_buffer and (settings.scheduler not in names.TIMED_SCHEDULERS or settings.bank_queue_size):
        raise ModelInputError("active_buffer goes with the scheduler 'FirstReady' without bank_queue_size")


def _check_drain(settings: ControllerSettings) -> None:
    if settings.write_drain == "NoDrain":
        return
    if settings.scheduler not in names.TIMED_SCHEDULERS and not settings.bank_queue_size:
        raise ModelInputError(
            f"write_drain goes with the scheduler 'FirstReady' or with bank_queue_size, found {settings.scheduler!r}"
        )
    places = settings.write_buffer_size or settings.request_buffer_size
    low, high = settings.write_low_watermark, settings.write_high_watermark
    if not 0 <= low < high < places:
        raise ModelInputError(
            f"watermarks of write_drain must be 0 <= low < high < places for writes, "
            f"found low {low}, high {high}, {places} places"
        )
    if settings.write_drain == "Batch" and not (settings.posted_writes and settings.write_buffer_size):
        raise ModelInputError(
            "write_drain 'Batch' leaves writes waiting: it goes with posted_writes and write_buffer_size"
        )


def check_settings(settings: ControllerSettings, device: DramDevice) -> None:
    """Raise where the settings have no meaning for this device.

    Raises:
        ModelInputError: an unknown policy, no place in a buffer, too many refreshes moved, refresh per bank where the
            standard has none, ways of buffering that don't go together.
        UserError: power-down where its timing is not public.
    """
    for name, allowed in _CHOICES.items():
        value = getattr(settings, name)
        if value not in allowed:
            raise ModelInputError(f"unknown {name} {value!r}{nearest(value, allowed)}; allowed: {', '.join(allowed)}")
    _check_counts(settings)
    _check_write_buffers(settings)
    _check_drain(settings)
    if settings.refresh_policy == "PerBank" and device.standard not in PER_BANK_REFRESH:
        raise ModelInputError(
            f"refresh per bank is a feature of {' and '.join(PER_BANK_REFRESH)}; {device.name} is {device.standard}"
        )
    if settings.power_down != "NoPowerDown":
        require_power_down(device)


def _places(settings: ControllerSettings, banks: int) -> int:
    """Requests that a channel can hold before they are sent."""
    if settings.scheduler_buffer == "Bankwise":
        return banks * (settings.request_buffer_size + 1)
    behind = banks * (settings.bank_queue_size + int(settings.active_buffer))
    return 2 * settings.request_buffer_size + settings.write_buffer_size + behind


def _power_of_two(at_least: int) -> int:
    return 1 << (at_least - 1).bit_length()


def config_table(
    settings: Sequence[ControllerSettings], device: DramDevice, ranks: int, channels: int, clock_ratio: float
) -> npt.NDArray[np.void]:
    """Return one ``CONFIG`` record per controller.

    Args:
        settings: of the controllers.
        device: behind them.
        ranks: of a channel.
        channels: of the memory.
        clock_ratio: controller clocks per clock of the initiator.

    Raises:
        ModelInputError, UserError: see ``check_settings``.
    """
    table = np.zeros(len(settings), dtype=CONFIG)
    for name, value in asdict(spacings(device)).items():
        table[name] = value
    banks = ranks * device.banks
    table["channels"], table["ranks"], table["banks"] = channels, ranks, banks
    table["groups"] = ranks * device.bank_groups
    table["rank_groups"], table["rank_banks"] = device.bank_groups, device.banks
    table["clock_ratio"] = clock_ratio
    for line, one in zip(table, settings, strict=True):
        check_settings(one, device)
        for name, field in _FIELDS.items():
            line[field] = _CODES[name].index(getattr(one, name))
        line["buffer_size"] = one.request_buffer_size
        line["most_postponed"], line["most_pulled_in"] = one.refresh_max_postponed, one.refresh_max_pulledin
        line["write_places"], line["posted"] = one.write_buffer_size, one.posted_writes
        line["bank_places"], line["active_buffer"] = one.bank_queue_size, one.active_buffer
        line["row_hit_cap"] = one.row_hit_cap
        line["staggered"] = one.refresh_staggered
        if line["scheduler"] == BATCHED:
            line["drain"] = WATERMARKS
        line["early_places"] = one.active_buffer or one.bank_queue_size > 0
        line["one_direction"] = line["drain"] != NO_DRAIN and not one.bank_queue_size
        line["unsettled"] = line["scheduler"] == FIRST_READY or line["command_order"] == ROUND_ROBIN
        line["low_watermark"], line["high_watermark"] = one.write_low_watermark, one.write_high_watermark
        unlimited = channels * (_places(one, banks) + ANSWERS_ON_THE_WAY)
        line["most_active"] = unlimited if line["arbiter"] == SIMPLE else one.max_active_transactions
        line["window"] = line["most_active"] + (channels * _places(one, banks) if one.posted_writes else 0)
    table["window"] = _power_of_two(int(table["window"].max(initial=1)) + 1)
    return table


def blank_channels(device: DramDevice, ranks: int, channels: int) -> npt.NDArray[np.void]:
    """Return ``CHANNEL`` records of idle channels at time 0."""
    table = np.zeros(channels, dtype=CHANNEL)
    for name in ("next_time", "best_time", "refresh_due"):
        table[name] = NEVER
    for name in ("best_bank", "best_rank", "asking", "waiting_head", "waiting_tail"):
        table[name] = -1
    for name in ("last_accept", "last_answer", "last_acts"):
        table[name] = LONG_AGO
    for name in ("open_row", "head", "tail", "first_hit", "kept", "buffer_head", "buffer_tail", "moved_at"):
        table[name] = -1
    table["next_order"] = table["next_answer"] = table["next_age"] = 1
    table["wish"] = -1
    table["limit"][:, :MOST_GROUPS] = NEVER
    bank = np.arange(ranks * device.banks)
    table["rank_of"][:, : bank.size] = bank // device.banks
    table["group_of"][:, : bank.size] = bank // device.banks_per_group
    return table
