"""A paho-mqtt client of either major version that tells the reason code of every acknowledgement.

paho 1.6 (Debian's) reads the code but hands it to nobody, so it is taken from the packet here.
"""

import selectors
import struct
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


class Client(mqtt.Client):
    """Calls `acked(mid, reason)` for each PUBACK and PUBCOMP."""

    acked = None

    def _handle_pubackcomp(self, cmd):
        packet = bytes(self._in_packet["packet"])
        done = super()._handle_pubackcomp(cmd)
        self._tell(packet)
        return done

    def _tell(self, packet):
        (mid,) = struct.unpack("!H", packet[:2])
        if self.acked is not None:
            self.acked(mid, packet[2] if len(packet) > 2 else 0)


def make(client_id, version, clean, web_path=None):
    """A client that speaks MQTT 3.1.1 (4) or 5 and comes back quickly when it is thrown out."""
    arguments = {"client_id": client_id, "protocol": version}
    if web_path is not None:
        arguments["transport"] = "websockets"
    if version == 4:
        arguments["clean_session"] = clean
    if hasattr(mqtt, "CallbackAPIVersion"):
        client = Client(mqtt.CallbackAPIVersion.VERSION1, **arguments)
    else:
        client = Client(**arguments)
    client.reconnect_delay_set(min_delay=0.02, max_delay=0.1)
    if web_path is not None:
        client.ws_set_options(path=web_path)
    return client


def session(version, clean, expiry_s):
    """What `connect` is told of the session, of which MQTT 3.1.1 (4) says nothing there."""
    if version == 4:
        return {}
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = expiry_s
    return {"properties": properties, "clean_start": clean}


def talk_until_told(client):
    """Runs the client until whoever started it ends its input, and says goodbye."""
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
