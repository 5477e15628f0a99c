"""Answers behave as those of a Python server: the same expressions over the leader's answers and over those of a
`ThreadedServer` that returns the same plain data, with the same results and the same exceptions."""

import copy
import threading
import time

import rpyc
from rpyc.utils.helpers import buffiter
from rpyc.utils.server import ThreadedServer

import leader

# Over `d`, a dictionary {'balance': 94.5}; `e` is another one, equal to it.
OF_DICTS = """
d['balance'] | d['nothing'] | d[1] | d[None] | d[1.5] | d[d] | d[(1, 2)] | 'balance' in d | 'nothing' in d
5 in d | None in d | d in d | len(d) | bool(d) | not d | list(d) | [k for k in d] | sorted(d) | list(d.keys())
list(d.values()) | list(d.items()) | dict(d) | dict(d.items()) | {**d} | [*d] | len(d.keys()) | len(d.items())
'balance' in d.keys() | 94.5 in d.values() | ('balance', 94.5) in d.items() | ('balance', 6) in d.items()
'x' in d.items() | d.get('balance') | d.get('nothing') | d.get('nothing', 7) | d.get('nothing', [])
d.get('nothing', d) == d | d.get() | d.get('a', 'b', 'c') | d.get(key='a') | d.keys(1) | repr(d) | str(d) | f'{d}'
format(d, 'x') | '%s' % d | repr(d.keys()) | repr(d.values()) | repr(d.items()) | d == d | d != d | d == e | d != e
d == dict(d) | d == 5 | d != 5 | d == None | d < d | d == d.copy() | d.keys() == d.keys() | d.items() == e.items()
d.keys() == e.keys() | d.items() != e.items() | hash(d) | {d: 1} | copy.deepcopy(d) | copy.copy(d)
type(copy.deepcopy(d)).__name__ | isinstance(d, dict) | isinstance(d, list) | d.__class__.__name__
iter(d) is iter(d) | next(iter(d)) | max(d) | sum(len(k) for k in d) | dict(d, more=1) | list(zip(d, d.values()))
dict(d.copy()) | dict(d .__or__(e)) | d.nothing | d.nothing() | d() | d.__nothing__ | d._private | d.__init__(1)
d.__reduce__ | d + d | d * 2 | d.keys().nothing | next(d) | int(d) | d.exposed_get | len(d.__class__.__mro__)
'get' in dir(d) | 'nothing' in dir(d) | list(buffiter(d)) | list(buffiter(d.items())) | d.keys | d.keys()() | d[d.keys()]
d.get(d) | copy.deepcopy(d.keys()) | isinstance(d, d) | getattr(d, 'keys')() == d.keys()
"""
# Over `l`, a list of four dictionaries.
OF_LISTS = """
l[0] | l[-1] | l[99] | l[-99] | l['a'] | l[None] | l[1.0] | l[True] | l[10**30] | l[-10**30] | l[1:3] | l[:] | l[::-1]
l[-2:] | l[1:99] | l[3:1] | l[::2] | l[::-2] | l[::0] | l['a':] | l[:10**30] | l[10**30::-1] | l[l] | list(l) | [*l]
[x for x in l] | len(l) | bool(l) | repr(l) | str(l) | f'{l}' | l[0] in l | l[-1] in l[:2] | 99 in l | None in l
(1, 2) in l | 1.5 in l | l == l | l == l[:] | l != l | l != l[1:] | l == list(l) | l == 5 | l < l | l <= l | l >= l
l > l[:1] | l[:1] < l | l[:2] < l[1:] | l < 5 | l.index(l[2]) | l.index(99) | l.index(l[2], 3) | l.index(l[2], -99, 99)
l.index(l[0], 1, 'a') | l.count(l[0]) | l.count(99) | l.count() | l + l | l + 5 | l * 2 | 2 * l | l * 0 | l * -1
l * 'a' | l * 1.5 | l.copy() | l.copy(1) | hash(l) | copy.deepcopy(l) | copy.copy(l) | isinstance(l, list) | tuple(l)
list(enumerate(l)) | list(zip(l, l)) | max(l) | sum(x['amount'] for x in l) | sorted(l)
sorted(l, key=lambda x: x['amount']) | l.nothing | l() | l[0]() | next(iter(l)) | list(iter(l)) | list(buffiter(l))
list(buffiter(iter(l))) | list(buffiter(l, chunk=1)) | l - l | int(l) | l[0:1][0] | (lambda a, *b: b)(*l)
[x['amount'] for x in l if x['amount'] > 0] | {x['ts']: x for x in l} | l[0] == l[0] | l[0] == l[1] | l[0]['name']
len(iter(l)) | iter(l)[0] | (iter(l) == iter(l)) | list(reversed(list(l))) | 'index' in dir(l) | l.__len__() | l.index
"""
# Over `n`, an account with its history: dictionaries in dictionaries, with floats as keys.
NESTED = """
n['account']['balance'] | n['account'] | n | len(n['account']['history']) | list(n['account']['history'])
n['account']['history'][list(n['account']['history'])[0]] | n['account']['history'][2] | 2 in n['account']['history']
list(n['account']['history'].values())[1]['email'] | n['account']['history'][float('nan')] | n['account']['history'][10**400]
n['account'] in n.values() | n['account'] == n['account'] | copy.deepcopy(n) | copy.deepcopy(n['account']['history'])
[x['label'] for x in n['account']['history'].values()] | repr(n) | str(n['account']['history'].values())
{k: v['amount'] for k, v in n['account']['history'].items()} | max(n['account']['history'])
sorted(n['account']['history'].items(), key=lambda e: -e[0]) | repr(n['account']['history'].items())
[k == v['ts'] for k, v in n['account']['history'].items()] | max(n['account']['history']) in n['account']['history']
n['account']['history'].get(1.5, 'none') | n['account'].items() == n['account'].items() | n['account']['history'] < n
"""


def expressions(text):
    return [expression.strip() for line in text.strip().splitlines() for expression in line.split(" | ")]


def outcome(expression, names):
    """What an expression gives, as plain data, or the exception that it raises."""
    try:
        return plain(eval(expression, {"copy": copy, "buffiter": buffiter, **names}))
    except Exception as error:
        return type(error).__name__


def plain(value):
    """A value with everything that it refers to; what is no data by the name of its type."""
    if isinstance(value, dict):
        return {key if isinstance(key, (str, int, float)) else "?": plain(value[key]) for key in value}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    return value if isinstance(value, (str, int, float, bool, bytes, type(None))) else type(value).__name__


class Peer(rpyc.Service):
    """A Python server that answers with the plain data that it is given."""

    def __init__(self, answers):
        self.answers = answers

    def exposed_answer(self, name):
        return self.answers[name], 200


class References(leader.Case):
    def setUp(self):
        super().setUp()
        ada, bob = self.member(100, name="Ada O'Hara"), self.member(name='Bob "the builder" Zoë 中')
        for amount in (1, 2.5, "1.25", 0.75):
            self.succeeds(self.root.transaction(ada.token, bob.email, amount), 200)
        self.ada = ada
        self.answers = {
            "d": self.root.get_balance(ada.token)[0],
            "e": self.root.get_balance(ada.token)[0],
            "l": self.root.get_last_trs(ada.token, 0)[0]["lastTransactions"][1:],
            "n": self.root.get_account(ada.token)[0],
        }
        service = Peer({name: copy.deepcopy(answer) for name, answer in self.answers.items()})
        configuration = {"allow_public_attrs": True, "allow_pickle": True}
        peer = ThreadedServer(service, hostname="127.0.0.1", port=0, protocol_config=configuration)
        peer._listen()
        threading.Thread(target=peer.start, daemon=True).start()
        self.addCleanup(peer.close)
        connection = rpyc.connect("127.0.0.1", peer.port)
        self.addCleanup(connection.close)
        self.theirs = {name: connection.root.answer(name)[0] for name in self.answers}

    def compare(self, text):
        """Evaluates every expression over the leader's and over the peer's answers."""
        differing = []
        for expression in expressions(text):
            ours, theirs = outcome(expression, self.answers), outcome(expression, self.theirs)
            if ours != theirs:
                differing.append(f"{expression}: {ours!r}, with a Python server {theirs!r}")
        self.assertEqual(differing, [], "\n" + "\n".join(differing))

    def test_a_dictionary_is_one(self):
        self.assertEqual(plain(self.answers["d"]), {"balance": 94.5})
        self.compare(OF_DICTS)

    def test_a_list_is_one(self):
        self.assertEqual([entry["amount"] for entry in self.answers["l"]], [-1, -2.5, -1.25, -0.75])
        self.compare(OF_LISTS)

    def test_nested_answers_are_walked_like_those_of_a_python_server(self):
        self.compare(NESTED)

    def test_an_answer_cannot_be_changed(self):
        answer, movements = self.answers["d"], self.answers["l"]
        for change in (
            lambda: answer.__setitem__("balance", 10**9),
            lambda: answer.__delitem__("balance"),
            lambda: movements.__setitem__(0, None),
            lambda: movements.__iadd__(movements),
        ):
            with self.assertRaises(TypeError):
                change()
        for change in (
            lambda: answer.update(balance=1),
            lambda: answer.clear(),
            lambda: movements.append(1),
            lambda: movements.sort(),
            lambda: setattr(answer, "balance", 1),
            lambda: delattr(answer, "balance"),
        ):
            with self.assertRaises(AttributeError):
                change()
        self.assertEqual(answer["balance"], 94.5)
        changed = copy.deepcopy(answer)
        changed["balance"] = 1
        self.assertEqual((changed, answer["balance"]), ({"balance": 1}, 94.5))


class Protocol(leader.Case):
    def test_requests_can_wait_for_their_answers(self):
        ada = self.member()
        get_balance = rpyc.async_(self.root.get_balance)
        waiting = [get_balance(ada.token) for _ in range(50)]
        self.assertEqual([result.value[0]["balance"] for result in waiting], [0] * 50)
        refused = rpyc.async_(self.root.get_balance)()
        refused.wait()
        self.assertTrue(refused.error)
        with self.assertRaises(TypeError):
            refused.value

    def test_pings_are_answered(self):
        self.connection.ping()
        self.connection.ping(data=b"\x00" * 100_000)

    def test_only_the_commands_are_there(self):
        names = [name for name in dir(self.root) if not name.startswith("__")]
        self.assertIn("get_balance", names)
        for name in ("_", "__class__x", "__init__x", "ledger", "get_balance_", "exposed_", "__dict", "_rpyc_getattr"):
            with self.assertRaises(AttributeError, msg=name):
                getattr(self.root, name)
        request = self.connection.sync_request
        for name in ("__class__", "__init__", "__dict__", "__reduce__", "__doc__", "__globals__", "__self__"):
            with self.assertRaises(AttributeError, msg=name):
                request(rpyc.core.consts.HANDLE_GETATTR, self.root, name)
        with self.assertRaises(AttributeError):
            self.root.balance = 5
        with self.assertRaises(AttributeError):
            del self.root.get_balance
        with self.assertRaises(AttributeError):
            self.root.get_balance.__globals__
        with self.assertRaises(TypeError):
            self.root()
        with self.assertRaises(KeyError):
            request(99)

    def test_a_clients_own_objects_are_not_called(self):
        called = []
        for argument in (called.append, [1], {"a": 1}, object(), Exception()):
            with self.assertRaises(TypeError, msg=repr(argument)):
                self.root.get_balance(argument)
        self.assertEqual(called, [])

    def test_what_is_given_back_is_gone(self):
        ada = self.member()
        request, consts = self.connection.sync_request, rpyc.core.consts
        answer = self.root.get_balance(ada.token)[0]
        pack = answer.____id_pack__
        self.assertTrue(request(consts.HANDLE_INSPECT, pack))
        del answer
        self.connection.ping()
        with self.assertRaises(KeyError):
            request(consts.HANDLE_INSPECT, pack)

    def test_sixteen_clients_at_once(self):
        ada, bob = self.member(1_000), self.member()
        wrong = []

        def work():
            with self.leader.connect() as connection:
                for _ in range(20):
                    answer, code = connection.root.transaction(ada.token, bob.email, "0.5")
                    if code != 200 or answer["message"] != "Transaction will be added to block":
                        wrong.append(str(answer))
                    balance = connection.root.get_balance(ada.token)[0]["balance"]
                    if not 1_000 - 160 <= balance <= 999.5:
                        wrong.append(balance)

        clients = [threading.Thread(target=work) for _ in range(16)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.assertEqual(wrong, [])
        self.assertEqual(self.root.get_balance(ada.token)[0]["balance"], 1_000 - 160)
        self.sealed(bob, 160)
        history = self.root.history(bob.token)[0]["history"]
        self.assertEqual(len(history), 320)
        self.assertEqual(list(history), sorted(history))

    def test_a_long_history_is_walked(self):
        ada, bob = self.member(500), self.member()
        for _ in range(200):
            self.succeeds(self.root.transaction(ada.token, bob.email, 1), 200)
        began = time.monotonic()
        history = self.root.history(ada.token)[0]["history"]
        self.assertEqual(sum(entry["amount"] for entry in history.values()), 300)
        self.assertEqual(copy.deepcopy(history), plain(history))
        self.assertLess(time.monotonic() - began, 30)
