"""The leader under test: `qoin run` in a temporary folder, and members of its currency."""

import atexit
import itertools
import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import rpyc

BIN = pathlib.Path(os.environ.get("QOIN_BIN", "target/debug"))
# Limits that tests in a row would cross, and blocks that a slow build solves in a moment.
SETTINGS = [
    "payments_per_minute=0", "sign_ins_per_minute=1000000", "block_interval_s=1", "easiest_work=65536", "log_level=warn",
]  # fmt: skip
PASSWORD = "correct horse battery 1"
PATIENCE_S = 60


class Leader:
    """A running leader; it is gone when the program ends."""

    def __init__(self, *settings, miners=0):
        self.data = tempfile.TemporaryDirectory()
        arguments = [BIN / "qoin", "run", "--json", "--data", self.data.name, "--miners", str(miners)]
        for port in ("website", "api", "rpyc", "stratum"):
            arguments += [f"--{port}-port", "0"]
        for setting in [*SETTINGS, *settings]:
            arguments += ["--set", setting]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        atexit.register(self.stop)
        self.ready = json.loads(self.process.stdout.readline())
        host, _, port = self.ready["rpyc"].rpartition(":")
        self.host, self.port = host, int(port)
        self.email, self.password = self.ready["email"], self.ready["password"]

    def stop(self):
        """Ends it, at once."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def connect(self):
        """A connection as every script opens it, without configuration."""
        return rpyc.connect(self.host, self.port)

    def command(self, *arguments):
        """What one of the operator's commands prints as JSON."""
        done = subprocess.run(
            [BIN / "qoin", *arguments, "--data", self.data.name, "--json"], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise AssertionError(f"qoin {' '.join(arguments)}: {done.stderr}")
        return json.loads(done.stdout)

    def master_key(self):
        return self.command("key")["key"]


class Member:
    """Someone with an account, signed in."""

    def __init__(self, root, email, password=PASSWORD):
        answer, code = root.authenticate_user(email, password)
        assert code == 201, answer
        self.email, self.name, self.token = email, answer["name"], answer["token"]


_shared = {}
_numbers = itertools.count()


class Case(unittest.TestCase):
    """A test of the leader that all tests share, over a connection of its own."""

    maxDiff = None

    def setUp(self):
        if "leader" not in _shared:
            _shared["leader"] = Leader()
            _shared["master"] = _shared["leader"].master_key()
        self.leader, self.master = _shared["leader"], _shared["master"]
        self.connection = self.leader.connect()
        self.addCleanup(self.connection.close)
        self.root = self.connection.root

    def member(self, units=0, name="Ada", admin=False):
        """A new member, with so much money that can be spent."""
        email = f"m{next(_numbers)}@example.org"
        self.succeeds(self.root.master_create_user(self.master, name, email, PASSWORD, admin), 200)
        member = Member(self.root, email)
        if units:
            self.succeeds(self.root.master_credit(self.master, email, units), 200)
            self.sealed(member, units)
        return member

    def sealed(self, member, balance):
        """Waits until a member can spend that much: mines with the leader's own programs."""
        miner()
        wait_until(lambda: self.root.get_balance(member.token)[0]["balance"] == balance)

    def succeeds(self, answer, code):
        """The answer of a call that has to succeed."""
        result, given = answer
        self.assertEqual(given, code, str(result))
        return result

    def fails(self, answer, *words):
        """Looks at the answer of a call that has to be refused: its shape, and these words in its message."""
        result, code = answer
        self.assertEqual(code, 400)
        self.assertEqual(list(result), ["message"])
        for word in words:
            self.assertIn(word, result["message"])

    def fails_to_authenticate(self, answer):
        result, code = answer
        self.assertEqual((str(result), code), ("{'message': 'Authentication failed', 'code': 'AUTH_FAIL'}", 400))


def wait_until(condition):
    """Waits until a condition holds, which the leader's miners bring about."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("what was waited for did not come")
        time.sleep(0.02)


def miner():
    """A miner that seals what is paid to the shared leader."""
    if "miner" not in _shared:
        address = _shared["leader"].ready["stratum"].split("://")[-1]
        arguments = [BIN / "qoin-miner", "--server", address, "--owner", "anonymous", "--threads", "1"]
        _shared["miner"] = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(_shared["miner"].kill)
