// A sensor gateway: the npm client `mqtt`, which nobody here wrote, publishing at QoS 1.
import { randomUUID } from "node:crypto";

import { connectAsync } from "mqtt";

/** A connected gateway. */
export class Gateway {
  #client;

  constructor(client) {
    this.#client = client;
    // A server that is killed breaks the connection; that is what some suites are about.
    client.on("error", () => {});
  }

  /** Connects over MQTT 5, so that a refusal comes with its reason; with `{ username, password }`
   *  where gateways have to say who they are. */
  static async connect(server, credentials = {}) {
    const how = { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 10_000 };
    const options = { ...how, ...credentials };
    return new Gateway(await connectAsync(server.broker, options));
  }

  /** Publishes water levels of manholes. Resolves with the moment of the last PUBACK. */
  async levels(values) {
    await Promise.all(Object.entries(values).map(([asset, level]) => this.level(asset, level)));
    return Date.now();
  }

  /** Publishes a manhole's water level in metres. Resolves with the moment of the PUBACK. */
  async level(asset, level, position = [118.05, 24.45]) {
    const values = { water_level: { v: level, u: "m" } };
    const reading = { id: randomUUID(), position, values };
    await this.publish(`egret/v1/manhole/${asset}`, JSON.stringify(reading));
    return Date.now();
  }

  /** Publishes any payload; rejects with the reason code as `code` when it is refused. */
  publish(topic, payload) {
    return this.#client.publishAsync(topic, payload, { qos: 1 });
  }

  close() {
    return this.#client.endAsync(true);
  }
}
