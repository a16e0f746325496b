"""A client that has a will and says nothing else. It does not come back by itself.

Arguments: host, port, protocol version (4 or 5), client identifier, seconds of session expiry (in
version 4: a clean session for 0, else none), seconds of will delay (of version 5), topic and payload of
the will. Says "connected", and "left" after a goodbye, which whoever ends its input has it say.
"""

import selectors
import sys

import paho.mqtt.client as mqtt
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
more, will = {}, {}
if version == 5:
    more["properties"] = Properties(PacketTypes.CONNECT)
    more["properties"].SessionExpiryInterval = int(expiry)
    more["clean_start"] = is_clean
    will["properties"] = Properties(PacketTypes.WILLMESSAGE)
    will["properties"].WillDelayInterval = int(delay)
client.will_set(topic, payload, qos=1, **will)
client.connect(host, int(port), **more)

selector = selectors.DefaultSelector()
selector.register(sys.stdin, selectors.EVENT_READ)
while True:
    client.loop(timeout=0.01)
    if selector.select(timeout=0) and not sys.stdin.readline():
        break
client.disconnect()
# What is on its way goes out before the connection ends.
while client.loop(timeout=0.01) == mqtt.MQTT_ERR_SUCCESS:
    pass
say("left")
