"""A subscriber with a session that outlives its connection. Tells what it hears.

Arguments: host, port, protocol version (4 or 5), client identifier, "stay" or "clean", seconds of
session expiry (of version 5), QoS, and filters, of which there may be none.
With MUTE in the environment it acknowledges no message. Events go to standard output as JSON lines;
whoever ends its input has it say goodbye.
"""

import json
import os
import sys

import paho.mqtt.client as mqtt

import paho_client

host, port, version, name, start, expiry, qos, *filters = sys.argv[1:]
version, qos, is_clean = int(version), int(qos), start == "clean"


def emit(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def connected(_client, _userdata, flags, reason, *_properties):
    emit(event="connected", present=bool(flags["session present"]), refused=str(reason) not in ("0", "Success"))
    for one in filters:
        client.subscribe(one, qos=qos)
    if not filters:
        emit(event="subscribed")


def subscribed(_client, _userdata, _mid, codes, *_properties):
    filters.pop()
    if not filters:
        emit(event="subscribed", refused=[str(code) for code in codes if int(getattr(code, "value", code)) > 2])


def heard(_client, _userdata, message):
    payload, dup, retain = message.payload.decode(), bool(message.dup), bool(message.retain)
    emit(event="message", topic=message.topic, payload=payload, qos=message.qos, dup=dup, retain=retain)


client = paho_client.make(name, version, is_clean)
client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, heard
if "MUTE" in os.environ:
    client._send_puback = client._send_pubrec = lambda _mid: mqtt.MQTT_ERR_SUCCESS
client.connect(host, int(port), **paho_client.session(version, is_clean, int(expiry)))
paho_client.talk_until_told(client)
emit(event="left")
