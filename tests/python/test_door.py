"""The door itself: encryption, malformed frames, and what happens when it is not used as meant."""

import pathlib
import socket
import struct
import subprocess
import tempfile
import unittest
import zlib

import rpyc
from rpyc.core import brine

import leader

GETROOT = b"\x01" + brine.dump((1, (3, (1, ()))))


def frame(content, compressed=0):
    return struct.pack("!LB", len(content), compressed) + content + b"\n"


class Malformed(leader.Case):
    def ends(self, sent):
        """Sends bytes; the connection has to be closed without an answer."""
        with socket.create_connection((self.leader.host, self.leader.port), timeout=20) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            try:
                answer = connection.recv(100)
            except ConnectionResetError:
                answer = b""
            self.assertEqual(answer, b"", sent[:40])
        self.connection.ping()

    def test_the_connection_is_closed_and_the_leader_goes_on(self):
        bomb = zlib.compress(b"\x00" * (200 << 20), 9)
        for sent in (
            b"", b"\x00", frame(GETROOT)[:-1], frame(GETROOT)[:7],
            b"\xff\xff\xff\xff\x00", struct.pack("!LB", 1 << 20, 0) + b"x" * 100, struct.pack("!LB", 300_000, 1),
            frame(b""), frame(b"\x01"), frame(b"\x07"), frame(b"\x01\x07"), frame(b"\x01\xff\xff"), frame(b"\x63" + GETROOT[1:]),
            frame(b"\x01" + b"\x10" * 10_000), frame(b"\x12" * 10_000), frame(b"\x01" + b"\x1a\x10" * 10_000),
            frame(b"\x01\x15\xff\xff\xff\xff" + b"\x00" * 50), frame(b"\x01\x0f\xff\xff\xff\xff" + b"\x00" * 50),
            frame(bomb, 1), frame(zlib.compress(GETROOT)[:-3], 1), frame(b"no zlib", 1),
            frame(b"\x01\x08\x0b\xff\xfe"), frame(b"\x01\x17\x00\x00\xff\xff" + b"9" * 0xFFFF),
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00" + b"\x00" * 600,
            frame(brine.dump((1, (3, (1, ())))) + b"\x00"),
        ):  # fmt: skip
            self.ends(sent)

    def test_a_request_that_makes_no_sense_is_answered_with_an_exception(self):
        requests = [
            (), (1,), (1, 2, 3), ("x", (1, ())), (99, (1, ())), (3, ()), (3, (9, ())), (3, (1, 5)), (4, (1, ("x", "y"))),
            (7, (1, ())), (4, (3, ("builtins.dict", 1, 1))), (15, (1, ())), (15, (2, ((3, ("x", 1, 5)), (1, 1)))), (16, (1, (5,))),
            (7, (2, ((3, (1, 2, 3)), (1, ()), (1, ())))), (14, (1, (b"\x80",))), None, "x", 5,
        ]  # fmt: skip
        with socket.create_connection((self.leader.host, self.leader.port), timeout=20) as connection:
            stream = connection.makefile("rwb")
            for number, request in enumerate(requests):
                stream.write(frame(b"\x01" + brine.dump((number, request))))
                stream.flush()
                length, _ = struct.unpack("!LB", stream.read(5))
                answer = stream.read(length + 1)[:-1]
                self.assertEqual(answer[0], 3, request)
                self.assertEqual(brine.load(answer[1:])[0], number)

    def test_a_compressed_request_is_read(self):
        with socket.create_connection((self.leader.host, self.leader.port), timeout=20) as connection:
            connection.sendall(frame(zlib.compress(GETROOT), 1))
            self.assertEqual(connection.makefile("rb").read(6)[5], 2)

    def test_what_was_lent_goes_with_the_connection(self):
        ada = self.member()
        for _ in range(300):
            connection = self.leader.connect()
            for _ in range(3):
                connection.root.get_account(ada.token)
            connection.close()
        self.connection.ping()


class Encrypted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.certificate, cls.key = (str(pathlib.Path(cls.folder.name) / name) for name in ("certificate.pem", "key.pem"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", cls.key, "-out", cls.certificate],
            check=True, capture_output=True,
        )  # fmt: skip
        cls.leader = leader.Leader(f"rpyc_certificate={cls.certificate}", f"rpyc_key={cls.key}")

    @classmethod
    def tearDownClass(cls):
        cls.leader.stop()
        cls.folder.cleanup()

    def test_a_client_may_encrypt_or_not(self):
        for connection in (
            rpyc.ssl_connect(self.leader.host, self.leader.port, ca_certs=self.certificate),
            rpyc.ssl_connect(self.leader.host, self.leader.port),
            self.leader.connect(),
        ):
            with connection:
                answer, code = connection.root.authenticate_user(self.leader.email, self.leader.password)
                self.assertEqual(code, 201)
                self.assertEqual(connection.root.get_balance(answer["token"])[0]["balance"], 0)

    def test_a_leader_does_not_serve_the_network_unencrypted(self):
        data = tempfile.TemporaryDirectory()
        self.addCleanup(data.cleanup)
        configuration = pathlib.Path(data.name) / "server.conf"
        doors = "".join(f'{door}_listen = "127.0.0.1:0"\n' for door in ("api", "stratum"))
        configuration.write_text(
            f'data = "data"\nowner = "admin@example.org"\n{doors}rpyc_listen = "0.0.0.0:0"\nminers = 0\n'
            'secret_key = "000102030405060708090a0b0c0d0e0f"\n'
        )
        command = [leader.BIN / "qoin", "server", "-c", configuration]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("rpyc_unencrypted", refused.stderr)
