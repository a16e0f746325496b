"""An actuator: hears orders, and answers as standard input says, one JSON object a line.

Arguments: host, port, protocol version (4 or 5), topic filter, and if wanted user name and password.
It comes back by itself when it is thrown out. Events go to standard output as JSON lines.
"""

import json
import os
import selectors
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import paho_client

host, port, version = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
wanted = sys.argv[4]
answers = {}


def emit(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def acked(mid, reason):
    emit(event="acked", n=answers.pop(mid, None), reason=reason)


def heard(_client, _userdata, message):
    told = {"event": "order", "topic": message.topic, "payload": message.payload.decode()}
    properties = getattr(message, "properties", None)
    if properties is not None:
        told["response"] = getattr(properties, "ResponseTopic", None)
        told["expiry_s"] = getattr(properties, "MessageExpiryInterval", None)
        told["correlation"] = getattr(properties, "CorrelationData", b"").decode()
    emit(**told)


def subscribed(_client, _userdata, _mid, granted, *_):
    emit(event="subscribed", granted=[int(getattr(code, "value", code)) for code in granted])


client = paho_client.make(f"actuator-{os.getpid()}", version, True)
client.acked = acked
client.on_connect = lambda *_: client.subscribe(wanted, qos=1)
client.on_subscribe = subscribed
client.on_message = heard
if len(sys.argv) > 6:
    client.username_pw_set(sys.argv[5], sys.argv[6])
client.connect(host, port)

selector = selectors.DefaultSelector()
selector.register(sys.stdin, selectors.EVENT_READ)
while True:
    if client.loop(timeout=0.01) != mqtt.MQTT_ERR_SUCCESS:
        try:
            client.reconnect()
        except OSError:
            # Nobody is there yet.
            time.sleep(0.05)
        continue
    if not selector.select(timeout=0):
        continue
    line = sys.stdin.readline()
    if not line:
        break
    answer = json.loads(line)
    properties = None
    if answer["correlation"] is not None and version == 5:
        properties = Properties(PacketTypes.PUBLISH)
        properties.CorrelationData = answer["correlation"].encode()
    sent = client.publish(answer["topic"], answer["payload"], qos=1, properties=properties)
    answers[sent.mid] = answer["n"]
client.disconnect()
