"""Canonical bytes to values, as docs/chain.md lays them out."""

from dataclasses import dataclass
from typing import Optional

from zip215 import is_public_key


class Malformed(Exception):
    """The bytes are not in canonical form."""


class Bytes:
    """Reads a run of bytes from front to back; every byte has to be used."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if len(self.data) - self.at < count:
            raise Malformed
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, length):
        return int.from_bytes(self.take(length), "little")

    def u8(self):
        return self.number(1)

    def u32(self):
        return self.number(4)

    def u64(self):
        return self.number(8)

    def boolean(self):
        value = self.u8()
        if value > 1:
            raise Malformed
        return value == 1

    def text(self):
        try:
            return self.take(self.u32()).decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed from None

    def option(self, read):
        return read() if self.boolean() else None

    def key(self):
        key = self.take(32)
        if not is_public_key(key):
            raise Malformed
        return key

    def end(self):
        if self.at != len(self.data):
            raise Malformed


def u32(value):
    return value.to_bytes(4, "little")


def u64(value):
    return value.to_bytes(8, "little")


@dataclass
class Genesis:
    rules_version: int
    name: str
    symbol: str
    decimals: int
    genesis_amount: int
    block_interval_ms: int
    recovery_delay_ms: int
    system_key: bytes
    leader_key: bytes
    starting_target: int
    easiest_target: int
    time_ms: int
    data: bytes


def genesis(data):
    r = Bytes(data)
    rules_version, name, symbol, decimals = r.u32(), r.text(), r.text(), r.u8()
    if decimals > 8:
        raise Malformed
    numbers = r.u64(), r.u64(), r.u64()
    keys = r.key(), r.key()
    rest = r.u32(), r.u32(), r.u64()
    r.end()
    return Genesis(rules_version, name, symbol, decimals, *numbers, *keys, *rest, data)


@dataclass
class Record:
    number: int
    accepted_us: int
    version: int
    signer: bytes
    operation: int
    fields: tuple
    payment_id: bytes
    memo_hash: Optional[bytes]
    signature: bytes
    transaction: bytes
    data: bytes


OPEN_ACCOUNT, TRANSFER, ROTATE_KEY, CANCEL_ROTATION, SET_RECOVERABLE, ISSUE, BURN, REPLACE_LEADER = range(8)


def record(data):
    r = Bytes(data)
    number, accepted_us = r.u64(), r.u64()
    start = r.at
    version, signer, operation = r.u8(), r.take(20), r.u8()
    if operation in (OPEN_ACCOUNT, ROTATE_KEY, REPLACE_LEADER):
        fields = (r.key(),)
    elif operation == TRANSFER:
        fields = (r.take(20), r.u64())
    elif operation == CANCEL_ROTATION:
        fields = ()
    elif operation == SET_RECOVERABLE:
        fields = (r.boolean(),)
    elif operation in (ISSUE, BURN):
        fields = (r.u64(),)
    else:
        raise Malformed
    payment_id, memo_hash = r.take(16), r.option(lambda: r.take(32))
    transaction = data[start : r.at]
    signature = r.take(64)
    r.end()
    return Record(
        number, accepted_us, version, signer, operation, fields, payment_id, memo_hash, signature, transaction, data
    )


@dataclass
class Coinbase:
    height: int
    reward: int
    opened_ms: int
    issued_ms: int
    previous_solved_ms: int
    rewarded: Optional[bytes]
    data: bytes


def height_script(height):
    if height == 0:
        return b"\x00"
    if height <= 16:
        return bytes([0x50 + height])
    number = height.to_bytes(height.bit_length() // 8 + 1, "little")
    return bytes([len(number)]) + number


def coinbase(data):
    """Reads the fields at their places, then compares with the only form that has them."""
    r = Bytes(data)
    r.take(41)
    r.u8()
    opcode = r.u8()
    if opcode == 0:
        height = 0
    elif 0x51 <= opcode <= 0x60:
        height = opcode - 0x50
    elif opcode <= 5:
        height = r.number(opcode)
    else:
        raise Malformed
    if height >= 2**32:
        raise Malformed
    r.u8()
    extranonce = r.take(8)
    r.take(5)
    reward = r.u64()
    r.take(2)
    length = r.u8()
    times = r.u64(), r.u64(), r.u64()
    rewarded = r.take(20) if length == 44 else None
    r.take(4)
    r.end()
    script, rest = height_script(height), 24 + len(rewarded or b"")
    expected = (
        bytes.fromhex("0200000001") + bytes(32) + b"\xff" * 4 + bytes([len(script) + 9]) + script + b"\x08" + extranonce
        + b"\xff" * 4 + b"\x01" + u64(reward) + bytes([rest + 2, 0x6A, rest]) + b"".join(map(u64, times))
        + (rewarded or b"") + bytes(4)
    )
    if data != expected:
        raise Malformed
    return Coinbase(height, reward, *times, rewarded, data)


@dataclass
class Block:
    header: bytes
    version: int
    previous: bytes
    merkle_root: bytes
    time: int
    bits: int
    coinbase: Coinbase
    first: int
    count: int
    solved_ms: int
    seal: bytes


def block(data):
    r = Bytes(data)
    header = r.take(80)
    h = Bytes(header)
    version, previous, merkle_root, time, bits = h.u32(), h.take(32), h.take(32), h.u32(), h.u32()
    paid = coinbase(r.take(r.u32()))
    first, count, solved_ms, seal = r.u64(), r.u32(), r.u64(), r.take(64)
    r.end()
    return Block(header, version, previous, merkle_root, time, bits, paid, first, count, solved_ms, seal)
