#!/usr/bin/env python3
"""A second verifier of Qoin's chains, written from docs/chain.md alone. It needs nothing but Python.

    verify_chain.py FILE...

For each file one line of JSON: {"file", "ok", ...}; with ok the chain's height, head, records, pending, accounts, issued,
burned and state; without ok the rule, height and record of the first fault. Exit code 0 if all are good, 1 if not.
"""

import hashlib
import json
import sys
from dataclasses import dataclass
from typing import Optional

import canonical
from canonical import (
    BURN, CANCEL_ROTATION, ISSUE, OPEN_ACCOUNT, REPLACE_LEADER, ROTATE_KEY, SET_RECOVERABLE, TRANSFER, Malformed, u32, u64,
)
from targets import ALL_64, Past, eased_bits, easing_steps, expand, required_bits
from zip215 import verifies


class Fault(Exception):
    def __init__(self, rule, height=None, record=None):
        super().__init__(rule)
        self.found = {"rule": rule, "height": height, "record": record}


class Broken(Exception):
    """A rule that is broken at a place that the caller knows."""


def require(holds, rule):
    if not holds:
        raise Broken(rule)


def sha256d(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def tagged(tag, data):
    prefix = hashlib.sha256(tag.encode()).digest()
    return sha256d(prefix + prefix + data)


def merkle_root(level):
    while len(level) > 1:
        if len(level) % 2:
            level = level + [level[-1]]
        level = [sha256d(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


# The ledger


@dataclass
class Account:
    key: bytes
    balance: int = 0
    outgoing: int = 0
    incoming: int = 0
    recoverable: bool = True
    rotation: Optional[tuple] = None

    def key_at(self, now_us):
        return self.rotation[0] if self.rotation and self.rotation[1] <= now_us else self.key

    def waits_at(self, now_us):
        return self.rotation is not None and self.rotation[1] > now_us

    def data(self):
        rotation = b"\x00" if self.rotation is None else b"\x01" + self.rotation[0] + u64(self.rotation[1])
        money = u64(self.balance) + u64(self.outgoing) + u64(self.incoming)
        return self.key + money + bytes([self.recoverable]) + rotation


def address_of(key):
    return tagged("qoin/address", key)[:20]


class Ledger:
    def __init__(self, genesis):
        self.genesis = genesis
        self.check_genesis()
        self.genesis_hash = tagged("qoin/genesis", genesis.data)
        self.system = address_of(genesis.system_key)
        self.accounts = {self.system: Account(genesis.system_key, genesis.genesis_amount)}
        self.height, self.previous, self.solved_ms = 0, self.genesis_hash, genesis.time_ms
        self.sealed, self.issued, self.burned = 0, genesis.genesis_amount, 0
        self.leader_key, self.past = genesis.leader_key, []
        self.pending = []
        self.accepted_us = genesis.time_ms * 1000
        self.payment_ids = set()

    def check_genesis(self):
        g = self.genesis
        require(g.rules_version == 1, "rules_version")
        require(1 <= len(g.name) <= 40, "currency_name")
        require(1 <= len(g.symbol) <= 8, "currency_symbol")
        require(1_000 <= g.block_interval_ms <= 86_400_000, "block_interval")
        require(g.recovery_delay_ms <= 365 * 86_400_000, "recovery_delay")
        easiest, starting = expand(g.easiest_target), expand(g.starting_target)
        require(easiest is not None and starting is not None and starting <= easiest, "genesis_target")

    def next_number(self):
        return self.sealed + len(self.pending)

    # A log record

    def record(self, record):
        now_us = record.accepted_us
        require(record.number == self.next_number(), "record_number")
        signed = b"qoin/transaction" + self.genesis_hash + record.transaction
        signed_by = self.signed_by(record, signed)
        require(record.version == 1, "transaction_version")
        created_ms, accepted_ms = int.from_bytes(record.payment_id[:6], "big"), now_us // 1000
        require(created_ms + 86_400_000 >= accepted_ms, "expired")
        require((record.signer, record.payment_id) not in self.payment_ids, "payment_id_conflict")
        require(created_ms <= accepted_ms + 300_000, "from_future")
        require(now_us > self.accepted_us, "accepted_time")
        self.operate(record, signed_by)
        self.pending.append(record)
        self.accepted_us = now_us
        self.payment_ids.add((record.signer, record.payment_id))

    def signed_by(self, record, signed):
        if record.operation == OPEN_ACCOUNT:
            candidates = [record.fields[0]]
        else:
            require(record.signer in self.accounts, "unknown_signer")
            candidates = [self.accounts[record.signer].key_at(record.accepted_us)]
            if record.operation == ROTATE_KEY:
                candidates.append(self.accounts[self.system].key_at(record.accepted_us))
        for key in candidates:
            if verifies(key, signed, record.signature):
                return key
        raise Broken("signature")

    def operate(self, record, signed_by):
        operation, fields, now_us = record.operation, record.fields, record.accepted_us
        if operation == OPEN_ACCOUNT:
            require(record.signer not in self.accounts, "already_open")
            require(address_of(fields[0]) == record.signer, "address_mismatch")
            self.accounts[record.signer] = Account(fields[0])
            return
        account = self.accounts[record.signer]
        if operation == ROTATE_KEY:
            self.rotate(account, fields[0], signed_by, now_us)
        elif operation == TRANSFER:
            to, amount = fields
            require(to != record.signer, "to_self")
            require(to in self.accounts, "unknown_recipient")
            self.reserve(account, amount)
            self.accounts[to].incoming += amount
        elif operation == CANCEL_ROTATION:
            require(account.waits_at(now_us), "no_pending_rotation")
            account.key, account.rotation = account.key_at(now_us), None
        elif operation == SET_RECOVERABLE:
            account.recoverable = fields[0]
        else:
            require(record.signer == self.system, "system_only")
            self.operate_system(account, operation, fields[0])

    def rotate(self, account, key, signed_by, now_us):
        current = account.key_at(now_us)
        require(key != current, "same_key")
        if signed_by == current:
            account.key, account.rotation = key, None
            return
        require(account.recoverable, "not_recoverable")
        effective_us = min(now_us + self.genesis.recovery_delay_ms * 1000, ALL_64)
        account.key, account.rotation = current, (key, effective_us)

    def reserve(self, account, amount):
        require(amount > 0, "zero_amount")
        require(amount <= account.balance - account.outgoing, "insufficient_funds")
        account.outgoing += amount

    def operate_system(self, account, operation, value):
        if operation == ISSUE:
            require(value > 0, "zero_amount")
            waiting = sum(record.fields[0] for record in self.pending if record.operation == ISSUE)
            require(self.issued + waiting + value <= ALL_64, "supply_overflow")
            account.incoming += value
        elif operation == BURN:
            self.reserve(account, value)
        else:
            named = [record.fields[0] for record in self.pending if record.operation == REPLACE_LEADER]
            require(value != (named[-1] if named else self.leader_key), "same_key")

    # A block

    def block(self, block):
        coinbase = block.coinbase
        require(block.first == self.sealed and block.count == len(self.pending), "run")
        require(coinbase.height == self.height + 1, "height")
        require(block.previous == self.previous, "previous")
        require(block.version == 0x20000000, "header_version")
        require(block.count <= 16_384, "too_many_records")
        leaves = [sha256d(coinbase.data)] + [sha256d(record.data) for record in self.pending]
        require(len(set(leaves)) == len(leaves), "equal_leaves")
        require(merkle_root(leaves) == block.merkle_root, "merkle_root")
        require(coinbase.previous_solved_ms == self.solved_ms, "previous_solved")
        require(self.solved_ms <= coinbase.opened_ms <= coinbase.issued_ms <= block.solved_ms, "time_order")
        require(0 <= block.time - coinbase.issued_ms // 1000 <= 60, "header_time")
        steps = easing_steps(self.genesis, coinbase.opened_ms, coinbase.issued_ms)
        bits = eased_bits(self.genesis, required_bits(self.genesis, self.past), steps)
        require(block.bits == bits, "target")
        block_hash = sha256d(block.header)
        require(int.from_bytes(block_hash, "little") <= expand(bits), "proof_of_work")
        reward = self.reward()
        require(coinbase.rewarded is None or coinbase.rewarded in self.accounts, "rewarded")
        require(coinbase.reward == (0 if coinbase.rewarded is None else reward), "reward")
        sealed = b"qoin/block-seal\x00" + self.genesis_hash + u32(coinbase.height) + block_hash + u64(block.solved_ms)
        require(verifies(self.leader_key, sealed, block.seal), "seal")
        for record in self.pending:
            self.confirm(record)
        if coinbase.rewarded is not None:
            self.accounts[self.system].balance -= coinbase.reward
            self.accounts[coinbase.rewarded].balance += coinbase.reward
        self.sealed += block.count
        self.pending = []
        self.height, self.previous, self.solved_ms = coinbase.height, block_hash, block.solved_ms
        self.past = (self.past + [Past(coinbase.opened_ms, block.solved_ms, bits, steps > 0)])[-16:]
        total = sum(account.balance for account in self.accounts.values())
        require(total == self.issued - self.burned, "conservation")

    def reward(self):
        transferred = taken = received = 0
        for record in self.pending:
            if record.operation == TRANSFER:
                to, amount = record.fields
                transferred += amount
                taken += amount if record.signer == self.system else 0
                received += amount if to == self.system else 0
            elif record.operation == BURN:
                taken += record.fields[0]
            elif record.operation == ISSUE:
                received += record.fields[0]
        left = self.accounts[self.system].balance - taken
        require(left >= 0, "uncovered")
        if transferred == 0:
            return 0
        whole = 10**self.genesis.decimals
        reward = max(len(str(transferred // whole)) - 1, 1) * whole
        return reward if left + received >= reward else 0

    def confirm(self, record):
        account = self.accounts[record.signer]
        if record.operation == TRANSFER:
            to, amount = record.fields
            account.balance -= amount
            account.outgoing -= amount
            self.accounts[to].balance += amount
            self.accounts[to].incoming -= amount
        elif record.operation == ISSUE:
            account.balance += record.fields[0]
            account.incoming -= record.fields[0]
            self.issued += record.fields[0]
        elif record.operation == BURN:
            account.balance -= record.fields[0]
            account.outgoing -= record.fields[0]
            self.burned += record.fields[0]
        elif record.operation == REPLACE_LEADER:
            self.leader_key = record.fields[0]

    # What it comes to

    def state_hash(self):
        past = b"".join(u64(p.opened_ms) + u64(p.solved_ms) + u32(p.bits) + bytes([p.eased]) for p in self.past)
        head = u32(self.height) + self.previous + u64(self.solved_ms) + u64(self.sealed) + u64(self.issued)
        head += u64(self.burned) + self.leader_key + u32(len(self.past)) + past
        accounts = b"".join(address + account.data() for address, account in sorted(self.accounts.items()))
        leaves = b"".join(sha256d(record.data) for record in self.pending)
        return tagged(
            "qoin/state",
            self.genesis_hash + head + u64(self.accepted_us) + u32(len(self.accounts)) + accounts
            + u32(len(self.pending)) + leaves,
        )

    def summary(self):
        return {
            "genesis": self.genesis_hash[::-1].hex(),
            "height": self.height,
            "head": self.previous[::-1].hex(),
            "records": self.next_number(),
            "pending": len(self.pending),
            "accounts": len(self.accounts),
            "issued": self.issued,
            "burned": self.burned,
            "state": self.state_hash()[::-1].hex(),
        }


# The file


class Chain:
    def __init__(self, data):
        self.data, self.ledger, self.blocks, self.records, self.ended = data, None, 0, 0, False

    def place(self):
        if self.ledger is None:
            return None, None
        return self.ledger.height + 1, self.ledger.next_number()

    def fault(self, rule):
        return Fault(rule, *self.place())

    def verify(self):
        data = self.data
        if len(data) < 16:
            raise self.fault("truncated")
        if data[:12] != b"qoin/chain\x00\x00":
            raise self.fault("not_a_chain")
        if data[12:16] != u32(1):
            raise self.fault("file_version")
        at = 16
        while not self.ended:
            if len(data) - at < 2:
                raise self.fault("truncated")
            length = int.from_bytes(data[at : at + 2], "little")
            if not 1 <= length <= 1024:
                raise self.fault("item_length")
            at += 2
            if len(data) - at < length:
                raise self.fault("truncated")
            try:
                self.item(data[at], data[at + 1 : at + length])
            except Malformed:
                raise self.fault("malformed") from None
            at += length
        if at < len(data):
            raise self.fault("after_end")
        return self.ledger.summary()

    def item(self, kind, data):
        parse = {0: canonical.genesis, 1: canonical.record, 2: canonical.block, 3: self.parse_end}.get(kind)
        if parse is None:
            raise Malformed
        value = parse(data)
        if (kind == 0) != (self.ledger is None):
            raise self.fault("genesis_place")
        if kind == 0:
            try:
                self.ledger = Ledger(value)
            except Broken as broken:
                raise Fault(str(broken)) from None
        elif kind == 1:
            self.records += 1
            self.apply(self.ledger.record, value, value.number)
        elif kind == 2:
            self.blocks += 1
            self.apply(self.ledger.block, value, None)
        elif value != (self.blocks, self.records):
            raise self.fault("end_mismatch")
        else:
            self.ended = True

    def parse_end(self, data):
        r = canonical.Bytes(data)
        end = r.u32(), r.u64()
        r.end()
        return end

    def apply(self, rule, value, number):
        height = self.ledger.height + 1
        try:
            rule(value)
        except Broken as broken:
            raise Fault(str(broken), height, number) from None


def verify(path):
    with open(path, "rb") as file:
        data = file.read()
    try:
        return {"file": path, "ok": True, **Chain(data).verify()}
    except Fault as fault:
        return {"file": path, "ok": False, **fault.found}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    verdicts = [verify(path) for path in sys.argv[1:]]
    for verdict in verdicts:
        print(json.dumps(verdict))
    sys.exit(0 if all(verdict["ok"] for verdict in verdicts) else 1)


if __name__ == "__main__":
    main()
