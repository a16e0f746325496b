"""Publishes readings with QoS 1 as fast as they are acknowledged, until standard input ends.

Arguments: host, port, number of clients, and if wanted how many messages a second each publishes at
most. Client k publishes message n as the only reading of
manhole `k-n`, with id `k-n`. Lines on standard output: `up k`, `acked k n`, `lost k`, and at the end
`done N` once all N messages are acknowledged. paho itself sends again what was not. The line `pause`
on standard input has the clients wait; `paused` answers once everything is acknowledged. `resume` has
them go on.
"""

import datetime
import json
import os
import sys
import threading

import paho_client

# So many messages a client has under way; paho's own limit is 20.
WINDOW = 20

host, port, n_clients = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pause_s = 1 / float(sys.argv[4]) if len(sys.argv) > 4 else 0
stopping = threading.Event()
running = threading.Event()
running.set()
printing = threading.Lock()


def say(line):
    with printing:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


class Publisher(threading.Thread):
    def __init__(self, k):
        super().__init__(daemon=True)
        self.k = k
        self.numbers = {}
        self.noting = threading.Lock()
        self.window = threading.Semaphore(WINDOW)
        self.n_sent = 0
        self.client = paho_client.make(f"load-{os.getpid()}-{k}", 4, False)
        self.client.acked = self.acked
        self.client.on_connect = lambda *_: say(f"up {self.k}")
        self.client.on_disconnect = lambda *_: say(f"lost {self.k}")

    def acked(self, mid, _reason):
        with self.noting:
            n = self.numbers.pop(mid, None)
        # A message that was sent twice is acknowledged twice.
        if n is not None:
            say(f"acked {self.k} {n}")
            self.window.release()

    def run(self):
        self.client.connect(host, port)
        self.client.loop_start()
        while not stopping.wait(pause_s):
            running.wait()
            if not stopping.is_set() and self.window.acquire(timeout=0.1):
                self.publish()
        self.settle()
        self.client.disconnect()

    def settle(self):
        for _ in range(WINDOW):
            self.window.acquire()
        for _ in range(WINDOW):
            self.window.release()

    def publish(self):
        n = self.n_sent
        self.n_sent += 1
        now = datetime.datetime.now(datetime.timezone.utc)
        message = {
            "id": f"{self.k}-{n}",
            "at": now.isoformat(timespec="milliseconds"),
            "position": [118.05, 24.45],
            "values": {"water_level": {"v": 1.0, "u": "m"}},
        }
        with self.noting:
            topic = f"egret/v1/manhole/{self.k}-{n}"
            sent = self.client.publish(topic, json.dumps(message), qos=1)
            self.numbers[sent.mid] = n


publishers = [Publisher(k) for k in range(n_clients)]
for publisher in publishers:
    publisher.start()
for order in sys.stdin:
    if order.strip() == "pause":
        running.clear()
        for publisher in publishers:
            publisher.settle()
        say("paused")
    else:
        running.set()
stopping.set()
running.set()
for publisher in publishers:
    publisher.join()
say(f"done {sum(publisher.n_sent for publisher in publishers)}")
