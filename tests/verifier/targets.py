"""Targets, their compact form, and how much work the next block asks for."""

from dataclasses import dataclass

ALL_256 = 2**256 - 1
ALL_64 = 2**64 - 1


def expand(bits):
    """The target of its compact form; None if it is none."""
    size, mantissa = bits >> 24, bits & 0x7FFFFF
    target = mantissa << 8 * (size - 3) if size > 3 else mantissa >> 8 * (3 - size)
    return None if target == 0 or bits & 0x800000 or target > ALL_256 else target


def compact(target):
    size = (target.bit_length() + 7) // 8
    mantissa = target << 8 * (3 - size) if size <= 3 else target >> 8 * (size - 3)
    if mantissa & 0x800000:
        mantissa, size = mantissa >> 8, size + 1
    return size << 24 | mantissa


def work(target):
    return 2**256 // (target + 1)


@dataclass
class Past:
    opened_ms: int
    solved_ms: int
    bits: int
    eased: bool


def required_bits(genesis, past):
    easiest = expand(genesis.easiest_target)
    if not past:
        return compact(min(expand(genesis.starting_target), easiest))
    recent = past[-16:]
    eased = [i for i, block in enumerate(recent) if block.eased]
    recent = recent[eased[-1] if eased else 0 :]
    total = min(sum(work(expand(block.bits)) for block in recent), ALL_256)
    elapsed = min(sum(max(block.solved_ms - block.opened_ms, 1) for block in recent), ALL_64)
    last = work(expand(recent[-1].bits))
    least, most = last // 4, min(last * 4, ALL_256)
    following = max(least, min(min(total * genesis.block_interval_ms // elapsed, ALL_256), most))
    target = max(2**256 // max(following, 1) - 1, 1)
    return compact(min(target, easiest))


def easing_steps(genesis, opened_ms, issued_ms):
    waited, interval = issued_ms - opened_ms, genesis.block_interval_ms
    return 0 if waited < 6 * interval else (waited - 6 * interval) // (2 * interval) + 1


def eased_bits(genesis, bits, steps):
    return compact(min(expand(bits) << 2 * min(steps, 128), expand(genesis.easiest_target)))
