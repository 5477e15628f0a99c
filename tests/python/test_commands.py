"""Every command of the Python interface: what it answers when it succeeds, and each way in which it is refused."""

import decimal
import math
import time

import leader

WILL_BE_ADDED = "{'message': 'Transaction will be added to block'}"
# What no amount can be, with a word of the refusal.
BAD_AMOUNTS = [
    (0, "more than 0"), (-1, "amount"), (0.0, "more than 0"), (-0.0, "amount"), (-2.5, "amount"), (math.nan, "nan"),
    (math.inf, "inf"), (-math.inf, "inf"), (True, "bool"), (False, "bool"), (None, "NoneType"), ([5], "amount"),
    ({"a": 1}, "amount"), ((5,), "tuple"), (10**30, "amount"), (10**4000, "amount"), (2**64, "amount"), (0.001, "decimal"),
    (1.005, "decimal"), (1e-9, "decimal"), (1e300, "amount"), ("", "amount"), ("five", "amount"), ("1,5", "amount"),
    ("1e3", "amount"), ("+5", "amount"), ("-5", "amount"), ("0", "more than 0"), ("0.001", "decimal"), ("NaN", "amount"),
    (" 5", "amount"), (b"5", "bytes"), (5j, "complex"), (decimal.Decimal(5), "amount"), (slice(5), "slice"), (..., "ellipsis"),
    (frozenset([5]), "frozenset"), ("9" * 100_000, "amount"), (99_999_999_999, "available"),
]  # fmt: skip
BAD_TEXTS = [5, None, True, b"x", 1.5, (), ("x",)]


class Members(leader.Case):
    def test_signing_in(self):
        ada = self.member(name="Ada")
        answer = self.succeeds(self.root.authenticate_user(ada.email, leader.PASSWORD), 201)
        self.assertEqual(list(answer), ["message", "token", "email", "name", "services"])
        self.assertEqual((answer["email"], answer["name"], list(answer["services"])), (ada.email, "Ada", []))
        self.assertNotEqual(answer["token"], ada.token)
        by_name = self.root.authenticate_user(passwd=leader.PASSWORD, email=ada.email.upper())
        self.succeeds(by_name, 201)

    def test_a_wrong_password_and_an_unknown_address_are_refused_alike(self):
        ada = self.member()
        wrong, unknown = self.root.authenticate_user(ada.email, "x"), self.root.authenticate_user("no@example.org", "x")
        self.fails(wrong, "do not belong together")
        self.assertEqual((str(wrong[0]), wrong[1]), (str(unknown[0]), unknown[1]))
        self.fails(self.root.authenticate_user("ada", leader.PASSWORD), "name@host")
        self.fails(self.root.authenticate_user(ada.email, "x" * 5_000), "do not belong together")
        for bad in BAD_TEXTS:
            self.fails(self.root.authenticate_user(bad, "x"), "email must be a str")
            self.fails(self.root.authenticate_user(ada.email, bad), "passwd must be a str")

    def test_a_bad_token_is_told_so_by_every_command(self):
        root = self.root
        for token in ("", "x", "0" * 64, "0" * 100_000, *BAD_TEXTS):
            for answer in (
                root.transaction(token, "a@b.c", 1), root.history(token), root.get_account(token), root.get_balance(token),
                root.get_last_trs(token, 0), root.list_users(token), root.declare_service(token, "MINER"),
                root.service_refresh_key(token, "x"), root.get_services_status(token),
            ):  # fmt: skip
                self.fails_to_authenticate(answer)

    def test_missing_and_extra_arguments_are_type_errors_as_in_python(self):
        calls = {
            "authenticate_user": 2, "transaction": 3, "history": 1, "get_account": 1, "get_balance": 1, "get_last_trs": 2,
            "list_users": 1, "master_create_user": 5, "master_credit": 3, "declare_service": 2, "service_refresh_key": 2,
            "get_services_status": 1, "register": 3, "auth_service": 3,
        }  # fmt: skip
        self.assertEqual(sorted(calls), dir(self.root))
        for name, parameters in calls.items():
            call = getattr(self.root, name)
            with self.assertRaisesRegex(TypeError, rf"{name}\(\) missing {parameters} required positional argument"):
                call()
            given = f"takes {parameters + 1} positional arguments but {parameters + 2} were given"
            with self.assertRaisesRegex(TypeError, rf"{name}\(\) {given}"):
                call(*"x" * (parameters + 1))
            with self.assertRaisesRegex(TypeError, "unexpected keyword argument 'nothing'"):
                call(*"x" * parameters, nothing=1)
        with self.assertRaisesRegex(TypeError, "multiple values for argument 'token'"):
            self.root.get_balance("x", token="x")

    def test_a_token_is_good_on_every_connection(self):
        ada = self.member()
        with self.leader.connect() as other:
            self.assertEqual(other.root.get_balance(ada.token)[0]["balance"], 0)
        self.assertEqual(self.root.get_balance(ada.token)[0]["balance"], 0)

    def test_sign_ins_that_fail_are_limited(self):
        limited = leader.Leader("sign_ins_per_minute=2")
        self.addCleanup(limited.stop)
        with limited.connect() as connection:
            sign_in = connection.root.authenticate_user
            self.succeeds(sign_in(limited.email, limited.password), 201)
            for _ in range(2):
                self.fails(sign_in(limited.email, "a guess"), "do not belong together")
            self.fails(sign_in(limited.email, limited.password), "too many attempts")

    def test_users_are_listed_without_oneself(self):
        ada, bob = self.member(name="Ada"), self.member(name="Bob")
        users = self.succeeds(self.root.list_users(ada.token), 200)["users"]
        listed = [(user["name"], user["email"]) for user in users]
        self.assertIn(("Bob", bob.email), listed)
        self.assertNotIn(("Ada", ada.email), listed)
        self.assertEqual(list(users[0]), ["name", "email"])
        self.assertEqual([entry for entry in listed if "master" in entry[0]], [])


class Payments(leader.Case):
    def test_a_payment_is_made_and_told_to_both_sides(self):
        ada, bob = self.member(100, "Ada"), self.member(name="Bob")
        began = time.time()
        self.assertEqual(str(self.succeeds(self.root.transaction(ada.token, bob.email, 5), 200)), WILL_BE_ADDED)
        self.succeeds(self.root.transaction(amount=2.5, recipient_email=bob.email.upper(), token=ada.token), 200)
        self.succeeds(self.root.transaction(ada.token, bob.email, "0.01"), 200)
        self.assertEqual(self.root.get_balance(ada.token)[0]["balance"], 92.49)
        account = self.succeeds(self.root.get_account(ada.token), 200)["account"]
        self.assertEqual((list(account), account["balance"]), (["history", "balance"], 92.49))
        history = self.succeeds(self.root.history(ada.token), 200)["history"]
        self.assertEqual(list(account["history"]), list(history))
        self.assertEqual(list(history), sorted(history))
        entries = list(history.values())
        self.assertEqual([entry["amount"] for entry in entries], [100, -5, -2.5, -0.01])
        self.assertEqual(list(entries[1]), ["amount", "name", "email", "label", "ts"])
        paid = {"amount": -5, "name": "Bob", "email": bob.email, "label": "Transaction", "ts": list(history)[1]}
        self.assertEqual(dict(entries[1]), paid)
        self.assertLess(abs(paid["ts"] - began), 60)
        self.assertEqual((entries[0]["name"], entries[0]["email"]), ("blockchain-master", ""))
        self.sealed(bob, 7.51)
        received = list(self.root.history(bob.token)[0]["history"].values())
        self.assertEqual([(entry["amount"], entry["email"]) for entry in received], [(a, ada.email) for a in (5, 2.5, 0.01)])
        self.assertIs(type(received[0]["amount"]), int)

    def test_a_wrong_amount_of_any_type_is_refused_and_nothing_changes(self):
        ada, bob = self.member(100), self.member()
        before = str(self.root.get_account(ada.token)[0])
        for amount, word in BAD_AMOUNTS:
            with self.subTest(amount=repr(amount)[:40]):
                self.fails(self.root.transaction(ada.token, bob.email, amount), word)
                self.fails(self.root.master_credit(self.master, bob.email, amount))
        self.assertEqual(str(self.root.get_account(ada.token)[0]), before)
        self.assertEqual(len(self.root.history(bob.token)[0]["history"]), 0)

    def test_a_wrong_recipient_is_refused_and_nothing_changes(self):
        ada = self.member(100)
        self.fails(self.root.transaction(ada.token, "nobody@example.org", 5), "nobody@example.org")
        self.fails(self.root.transaction(ada.token, "blockchain-master", 5), "no member")
        self.fails(self.root.transaction(ada.token, ada.email, 5), "oneself")
        for bad in BAD_TEXTS:
            self.fails(self.root.transaction(ada.token, bad, 5), "recipient_email must be a str")
        self.assertEqual(self.root.get_balance(ada.token)[0]["balance"], 100)

    def test_no_more_is_paid_than_there_is(self):
        ada, bob = self.member(10), self.member()
        self.succeeds(self.root.transaction(ada.token, bob.email, 6), 200)
        self.fails(self.root.transaction(ada.token, bob.email, "4.01"), "4")
        self.succeeds(self.root.transaction(ada.token, bob.email, 4), 200)
        self.assertEqual(self.root.get_balance(ada.token)[0]["balance"], 0)

    def test_the_last_transactions_are_those_at_or_after_a_time(self):
        ada, bob = self.member(100), self.member()
        for amount in (1, 2, 3):
            self.succeeds(self.root.transaction(ada.token, bob.email, amount), 200)
        times = list(self.root.history(ada.token)[0]["history"])

        def since(ts):
            last = self.succeeds(self.root.get_last_trs(ada.token, ts), 200)["lastTransactions"]
            return [entry["amount"] for entry in last]

        self.assertEqual(since(0), [100, -1, -2, -3])
        self.assertEqual(since(times[2]), [-2, -3])
        self.assertEqual(since(str(times[3])), [-3])
        self.assertEqual(since(times[3] + 1), [])
        self.assertEqual((since(math.inf), since(-math.inf)), ([], [100, -1, -2, -3]))
        for bad in (math.nan, "soon", None, True, b"0", (0,)):
            self.fails(self.root.get_last_trs(ada.token, bad), "ts must be a time")

    def test_payments_a_minute_are_limited(self):
        limited = leader.Leader("payments_per_minute=3", miners=1)
        self.addCleanup(limited.stop)
        with limited.connect() as connection:
            root, master = connection.root, limited.master_key()
            self.succeeds(root.master_create_user(master, "Bob", "bob@x.org", leader.PASSWORD, False), 200)
            admin = leader.Member(root, limited.email, limited.password)
            self.succeeds(root.master_credit(master, limited.email, 100), 200)
            leader.wait_until(lambda: root.get_balance(admin.token)[0]["balance"] >= 100)
            for _ in range(3):
                self.succeeds(root.transaction(admin.token, "bob@x.org", 1), 200)
            self.fails(root.transaction(admin.token, "bob@x.org", 1), "3 payments a minute")


class MasterCalls(leader.Case):
    def test_a_user_is_created_and_can_sign_in_at_once(self):
        answer = self.root.master_create_user(self.master, "Cleo", "cleo@example.org", leader.PASSWORD, True)
        self.assertEqual(list(self.succeeds(answer, 200)), ["message"])
        cleo = leader.Member(self.root, "cleo@example.org")
        self.assertEqual(cleo.name, "Cleo")
        again = self.root.master_create_user(self.master, "Cleo", "cleo@example.org", leader.PASSWORD, False)
        self.fails(again, "cleo@example.org")

    def test_what_no_user_can_be_is_refused(self):
        create = self.root.master_create_user
        self.fails(create(self.master, "", "x1@example.org", leader.PASSWORD, False))
        self.fails(create(self.master, "X", "x1", leader.PASSWORD, False), "name@host")
        self.fails(create(self.master, "X", "x1@example.org", "short", False))
        self.fails(create(self.master, "X", "x1@example.org", "x" * 5_000, False))
        self.fails(create(self.master, "X" * 500, "x1@example.org", leader.PASSWORD, False))
        self.fails(create(self.master, "X", "x1@example.org", leader.PASSWORD, "yes"), "admin")
        for bad in BAD_TEXTS:
            self.fails(create(self.master, bad, "x1@example.org", leader.PASSWORD, False), "name must be a str")
            self.fails(create(self.master, "X", bad, leader.PASSWORD, False), "email must be a str")
            self.fails(create(self.master, "X", "x1@example.org", bad, False), "passwd must be a str")
        self.fails(self.root.authenticate_user("x1@example.org", leader.PASSWORD))

    def test_a_credit_comes_from_the_system_account(self):
        bob = self.member()
        self.assertEqual(str(self.succeeds(self.root.master_credit(self.master, bob.email, 12.34), 200)), WILL_BE_ADDED)
        self.sealed(bob, 12.34)
        self.fails(self.root.master_credit(self.master, "nobody@example.org", 5), "nobody@example.org")
        self.assertEqual(self.root.get_balance(bob.token)[0]["balance"], 12.34)

    def test_only_the_master_key_allows_the_master_calls(self):
        bob = self.member()
        wrong = self.master[:-1] + ("0" if self.master[-1] != "0" else "1")
        for key in (wrong, "", "x", bob.token, *BAD_TEXTS):
            self.fails(self.root.master_credit(key, bob.email, 5))
            self.fails(self.root.master_create_user(key, "X", "x2@example.org", leader.PASSWORD, False))
        self.assertEqual(len(self.root.history(bob.token)[0]["history"]), 0)


class Services(leader.Case):
    def test_a_service_is_declared_listed_refreshed_and_used(self):
        ada = self.member()
        declared = self.succeeds(self.root.declare_service(ada.token, "MINER"), 200)
        self.assertEqual(list(declared), ["message", "serviceKey"])
        key = declared["serviceKey"]
        statuses = self.succeeds(self.root.get_services_status(ada.token), 200)["statuses"]
        self.assertEqual([dict(status) for status in statuses], [{"key": key, "status": "sleeping"}])
        token, code = self.root.register("miner.example.org", 1234, "MINER")
        self.assertEqual((type(token), code), (str, 200))
        self.assertEqual(self.root.auth_service(token, ada.email, key), (True, 200, ""))
        self.assertEqual(self.root.get_services_status(ada.token)[0]["statuses"][0]["status"], "active")
        services = self.root.authenticate_user(ada.email, leader.PASSWORD)[0]["services"]
        self.assertEqual([(it["role"], it["key"]) for it in services], [("MINER", key)])
        refreshed = self.succeeds(self.root.service_refresh_key(ada.token, key), 200)["key"]
        self.assertNotEqual(refreshed, key)
        self.assertEqual([it["key"] for it in self.root.get_services_status(ada.token)[0]["statuses"]], [refreshed])
        refused = self.root.auth_service(token, ada.email, key)
        self.assertEqual(refused[:2], (False, 400))
        self.assertEqual(self.root.auth_service(token, ada.email, refreshed), (True, 200, ""))
        self.fails(self.root.service_refresh_key(ada.token, key))

    def test_wrong_roles_keys_and_owners_are_refused(self):
        ada, bob = self.member(), self.member()
        key = self.root.declare_service(ada.token, "MINER")[0]["serviceKey"]
        for role in ("miner", "", "ADMIN", *BAD_TEXTS):
            self.fails(self.root.declare_service(ada.token, role), "role")
            self.assertEqual(self.root.register("host", 1, role)[:2], (False, 400))
        for bad in ("", "x", "0" * 64, bob.token, *BAD_TEXTS):
            self.fails(self.root.service_refresh_key(ada.token, bad))
        self.fails(self.root.service_refresh_key(bob.token, key))
        for host, port in (("", 1), (5, 1), ("a b", 1), ("x" * 300, 1), ("host", 0), ("host", 65_536), ("host", "x"), ("host", None)):
            self.assertEqual(self.root.register(host, port, "MINER")[:2], (False, 400), (host, port))
        token = self.root.register("host", 1, "MINER")[0]
        winner = self.root.register("host", 1, "QWINNER")[0]
        for arguments in ((token, bob.email, key), (token, ada.email, "x"), ("x", ada.email, key), (winner, ada.email, key)):
            answer = self.root.auth_service(*arguments)
            self.assertEqual((answer[:2], type(answer[2])), ((False, 400), str))
        self.assertEqual(len(self.root.get_services_status(ada.token)[0]["statuses"]), 1)
        self.assertEqual(len(self.root.get_services_status(bob.token)[0]["statuses"]), 0)
