"""The peer in measurements: a `ThreadedServer` of RPyC that answers `get_balance` from a dictionary. Prints its port."""

import rpyc
from rpyc.utils.server import ThreadedServer

BALANCES = {f"token{number}": 100 for number in range(1_000)}


class Bank(rpyc.Service):
    def exposed_get_balance(self, token):
        if token not in BALANCES:
            return {"message": "Authentication failed", "code": "AUTH_FAIL"}, 400
        return {"balance": BALANCES[token]}, 200


if __name__ == "__main__":
    server = ThreadedServer(Bank, hostname="127.0.0.1", port=0, protocol_config={"allow_public_attrs": True})
    print(server.port, flush=True)
    server.start()
