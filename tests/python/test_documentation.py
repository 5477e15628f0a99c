"""Every example of docs/python.md, run as it stands there against a leader that has just been set up."""

import doctest
import os
import pathlib
import re
import unittest

import rpyc

import leader

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "python.md"


class Documentation(unittest.TestCase):
    def test_every_example_does_what_it_says(self):
        text = DOCUMENT.read_text(encoding="utf-8")
        blocks = re.findall(r"^```pycon\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
        running = leader.Leader(miners=1)
        self.addCleanup(running.stop)
        connect = rpyc.connect
        self.addCleanup(setattr, rpyc, "connect", connect)

        def connect_here(host, port):
            self.assertEqual((host, port), ("localhost", 5001))
            return connect(running.host, running.port)

        rpyc.connect = connect_here
        os.environ["QOIN_MASTER_KEY"] = running.master_key()
        self.addCleanup(os.environ.pop, "QOIN_MASTER_KEY")
        examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, str(DOCUMENT), None, 0)
        self.assertGreater(len(examples.examples), 40)
        report = []
        doctest.DocTestRunner().run(examples, out=report.append)
        self.assertEqual("".join(report), "")

    def test_every_command_has_an_example(self):
        text = DOCUMENT.read_text(encoding="utf-8")
        running = leader.Leader()
        self.addCleanup(running.stop)
        with running.connect() as connection:
            for command in dir(connection.root):
                self.assertRegex(text, rf"(?m)^### .*`{command}\(")
                self.assertRegex(text, rf"(?m)^(>>>|\.\.\.) .*root\.{command}\(")
