"""A client that has a will and says nothing else. It does not come back by itself.

Arguments: host, port, protocol version (4 or 5), client identifier, seconds of session expiry (in
version 4: a clean session for 0, else none), seconds of will delay (of version 5), topic and payload of
the will. Says "connected", and "left" after a goodbye, which whoever ends its input has it say.
"""

import sys

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import paho_client

host, port, version, name, expiry, delay, topic, payload = sys.argv[1:]
version, is_clean = int(version), int(expiry) == 0


def say(word):
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


client = paho_client.make(name, version, is_clean)
client.on_connect = lambda _client, _data, _flags, reason, *_: say("connected" if str(reason) in ("0", "Success") else f"refused {reason}")
will = {}
if version == 5:
    will["properties"] = Properties(PacketTypes.WILLMESSAGE)
    will["properties"].WillDelayInterval = int(delay)
client.will_set(topic, payload, qos=1, **will)
client.connect(host, int(port), **paho_client.session(version, is_clean, int(expiry)))
paho_client.talk_until_told(client)
say("left")
