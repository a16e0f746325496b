"""A web server that keeps what is posted to it.

    web_receiver.py PORT LOG HOLD

Each request becomes one line of JSON in LOG before it is answered. While the file HOLD is there,
requests are kept and not answered. Paths that begin with /refused are answered with 503 and kept,
too.
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, LOG, HOLD = int(sys.argv[1]), sys.argv[2], sys.argv[3]
LOCK = threading.Lock()


class Keeper(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        line = {
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "text": body.decode(),
        }
        with LOCK:
            with open(LOG, "a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
        while os.path.exists(HOLD):
            time.sleep(0.005)
        self.send_response(503 if self.path.startswith("/refused") else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Keeper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    # Whoever started it ends it by closing its input.
    sys.stdin.read()


main()
