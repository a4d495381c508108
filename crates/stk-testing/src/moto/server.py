"""Serves AWS on a free port of 127.0.0.1: prints the port, then runs until stdin ends.

The test that started it holds the other end of stdin, so the server ends with the test
process, however that ends.
"""

import os
import sys

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
os._exit(0)
