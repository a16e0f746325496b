"""A mail server that keeps what it takes.

    mail_server.py PORT LOG HOLD [CERTIFICATE KEY USER PASSWORD]

Each message becomes one line of JSON in LOG before it is answered. While the file HOLD is there,
messages are kept and not answered. Recipients whose name begins with "unknown" do not exist, and
those whose name begins with "full" are full for the first time. At the first message for one whose
name begins with "lost" it hangs up instead of answering.
"""

import asyncio
import email.policy
import json
import os
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Keeper:
    def __init__(self, log, hold):
        self.log = open(log, "a", encoding="utf-8")
        self.hold = hold
        self.full = set()
        self.lost = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown"):
            return "550 5.1.1 no such user"
        if address.startswith("full") and address not in self.full:
            self.full.add(address)
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        line = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "plain": message.get_body(("plain",)).get_content(),
            "html": message.get_body(("html",)).get_content(),
            "tls": session.ssl is not None,
            "user": session.auth_data.decode() if session.auth_data else None,
        }
        self.log.write(json.dumps(line) + "\n")
        self.log.flush()
        while os.path.exists(self.hold):
            await asyncio.sleep(0.005)
        for address in envelope.rcpt_tos:
            if address.startswith("lost") and address not in self.lost:
                self.lost.add(address)
                server.transport.abort()
        return "250 kept"


def main():
    port, log, hold = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    options = {}
    if len(sys.argv) > 4:
        certificate, key, user, password = sys.argv[4:8]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

        def authenticate(server, session, envelope, mechanism, data):
            is_good = data.login == user.encode() and data.password == password.encode()
            return AuthResult(success=is_good, handled=False, auth_data=data.login)

        options = {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": authenticate,
            "auth_required": True,
        }
    controller = Controller(
        Keeper(log, hold), hostname="127.0.0.1", port=port, ready_timeout=20, **options
    )
    controller.start()
    print("ready", flush=True)
    # The test that started it ends it by closing its input.
    sys.stdin.read()
    controller.stop()


main()
