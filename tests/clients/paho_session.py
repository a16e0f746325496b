"""Publishes what standard input orders, one JSON object a line, on one connection.

Arguments: host, port, protocol version (4 or 5), and if wanted user name and password.
With WEB_PATH in the environment it speaks by WebSocket at that path. Events go to standard output as JSON lines.
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


client = paho_client.make(f"paho-{os.getpid()}", version, True, os.environ.get("WEB_PATH"))
client.acked = acked
client.on_connect = lambda *_: emit(event="connected")
client.on_disconnect = lambda *_: emit(event="lost")
if len(sys.argv) > 5:
    client.username_pw_set(sys.argv[4], sys.argv[5])
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
