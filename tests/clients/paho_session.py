"""Publishes what standard input orders, one JSON object a line, on one connection.

Arguments: host, port, protocol version (4 or 5). Events go to standard output as JSON lines.
"""

import json
import os
import selectors
import sys

import paho_client

host, port, version = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
orders = {}


def emit(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def acked(mid, reason):
    emit(event="acked", n=orders.pop(mid, None), reason=reason)


client = paho_client.make(f"paho-{os.getpid()}", version, True)
client.acked = acked
client.on_connect = lambda *_: emit(event="connected")
client.on_disconnect = lambda *_: emit(event="lost")
client.connect(host, port)

# One thread: a message's number is noted before its acknowledgement can be read.
selector = selectors.DefaultSelector()
selector.register(sys.stdin, selectors.EVENT_READ)
while True:
    client.loop(timeout=0.01)
    if not selector.select(timeout=0):
        continue
    line = sys.stdin.readline()
    if not line:
        break
    order = json.loads(line)
    sent = client.publish(order["topic"], order["payload"], qos=order["qos"])
    orders[sent.mid] = order["n"]
client.disconnect()
