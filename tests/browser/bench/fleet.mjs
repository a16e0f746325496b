// Vehicles that report over MQTT: a process of its own, so that its work is nobody else's. Packets
// are written by hand, for a client library would cost more than the server under test.
//
// Started with `fork`: arguments are host, port, vehicles, messages a second and the box; it says
// `{ seeded }` once every vehicle has been taken, and drives while the last `{ drive }` it was
// told is true.
import { connect } from "node:net";

const CONNECTIONS = 4;
/** Messages that a connection may leave unacknowledged. */
const WINDOW = 2_000;
/** How often a batch is due. Milliseconds. */
const BATCH_MS = 20;
/** How far a vehicle drives between two reports, in degrees: some 60 m. */
const STEP = 0.0006;

const [host, port, vehicles, perSecond, box] = process.argv.slice(2);
const nVehicles = Number(vehicles);

/** The same numbers in every run: xorshift, 32 bits. */
let state = 2_463_534_242;
function chance() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

const [west, south, east, north] = box.split(",").map(Number);
const lons = Float64Array.from({ length: nVehicles }, () => west + chance() * (east - west));
const lats = Float64Array.from({ length: nVehicles }, () => south + chance() * (north - south));
/** Everybody's turn comes once a round, in an order that has nothing to do with the place. */
const order = Uint32Array.from({ length: nVehicles }, (_, n) => n);
for (let i = nVehicles - 1; i > 0; i -= 1) {
  const j = Math.floor(chance() * (i + 1));
  [order[i], order[j]] = [order[j], order[i]];
}

class Gateway {
  constructor(number) {
    this.sent = 0;
    this.acked = 0;
    this.ready = new Promise((resolve, reject) => {
      this.socket = connect(Number(port), host);
      this.socket.setNoDelay(true);
      this.socket.once("error", reject);
      this.socket.once("connect", () => {
        const id = Buffer.from(`fleet-${number}`);
        const head = Buffer.from([0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, id.length]);
        const length = head.length + id.length;
        this.socket.write(Buffer.concat([Buffer.from([0x10, length]), head, id]));
      });
      let waiting = 4;
      this.socket.on("data", (bytes) => {
        let n = bytes.length;
        if (waiting > 0) {
          const taken = Math.min(waiting, n);
          waiting -= taken;
          n -= taken;
          if (waiting === 0) resolve();
        }
        // Whole PUBACKs of four bytes and parts of them.
        this.rest = (this.rest ?? 0) + n;
        this.acked += Math.floor(this.rest / 4);
        this.rest %= 4;
      });
      this.socket.once("close", () => process.exit(process.connected ? 1 : 0));
    });
  }

  get room() {
    return WINDOW - (this.sent - this.acked);
  }

  packet(vehicle, at) {
    const topic = Buffer.from(`egret/v1/cab/C-${String(vehicle).padStart(6, "0")}`);
    const speed = (20 + 60 * chance()).toFixed(1);
    const body = Buffer.from(
      `{"id":"${vehicle}-${at}","at":"${new Date(at).toISOString()}","position":` +
        `[${lons[vehicle].toFixed(7)},${lats[vehicle].toFixed(7)}],` +
        `"values":{"speed":{"v":${speed},"u":"km/h"}}}`,
    );
    const length = 2 + topic.length + 2 + body.length;
    const id = (this.sent % 65_535) + 1;
    this.sent += 1;
    const head = [0x32, (length & 127) | 128, length >> 7, topic.length >> 8, topic.length & 255];
    return [Buffer.from(head), topic, Buffer.from([id >> 8, id & 255]), body];
  }
}

const gateways = Array.from({ length: CONNECTIONS }, (_, number) => new Gateway(number));
await Promise.all(gateways.map((gateway) => gateway.ready));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Reports `n` vehicles from the `next` on; returns how many found room. */
let next = 0;
function report(n, moves) {
  const at = Date.now();
  const written = gateways.map(() => []);
  let done = 0;
  for (; done < n; done += 1) {
    const number = next % CONNECTIONS;
    if (gateways[number].room <= 0) break;
    const vehicle = order[next % nVehicles];
    next += 1;
    if (moves) {
      lons[vehicle] = Math.min(east, Math.max(west, lons[vehicle] + (chance() - 0.5) * 2 * STEP));
      lats[vehicle] = Math.min(north, Math.max(south, lats[vehicle] + (chance() - 0.5) * 2 * STEP));
    }
    written[number].push(...gateways[number].packet(vehicle, at));
  }
  written.forEach((parts, n) => parts.length > 0 && gateways[n].socket.write(Buffer.concat(parts)));
  return done;
}

let left = nVehicles;
while (left > 0) {
  left -= report(Math.min(left, 1_000), false);
  await pause(1);
}
while (gateways.some((gateway) => gateway.acked < gateway.sent)) await pause(5);
process.send({ seeded: true });

let drives = false;
process.on("message", (message) => (drives = message.drive));
process.once("disconnect", () => process.exit(0));
let [behind, from] = [0, Date.now()];
let due = 0;
let told = Date.now();
for (;;) {
  await pause(BATCH_MS);
  const now = Date.now();
  if (drives) due += ((now - from) * Number(perSecond)) / 1_000;
  from = now;
  const done = report(Math.floor(due), true);
  due -= done;
  // What a slow server does not take within a second is left out, and told.
  const most = Number(perSecond);
  if (due > most) {
    behind += due - most;
    due = most;
  }
  if (now - told > 1_000 && process.connected) {
    told = now;
    process.send({ reported: next, behind: Math.round(behind) });
  }
}
