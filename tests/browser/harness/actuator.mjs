// An actuator: the npm client `mqtt`, which hears orders and answers as it is told to.
import { connectAsync } from "mqtt";

/** Listens to a topic filter, and answers each order by what `answer` says for it. */
export class Actuator {
  #client;
  #orders = [];

  /** `answer` gets an order's payload; what it gives is merged into the answer's, and nothing is
   *  answered if it gives nothing. */
  static async connect(server, filter, replyOf, answer, credentials = {}) {
    const actuator = new Actuator();
    const how = { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 10_000 };
    actuator.#client = await connectAsync(server.broker, { ...how, ...credentials });
    actuator.#client.on("message", (topic, payload, packet) => {
      const order = JSON.parse(payload);
      actuator.#orders.push({ topic, order });
      const said = answer(order);
      if (said) actuator.reply(replyOf(topic), said, packet.properties?.correlationData);
    });
    await actuator.#client.subscribeAsync(filter, { qos: 1 });
    return actuator;
  }

  /** Every order so far. */
  get orders() {
    return this.#orders;
  }

  /** Answers an order. */
  reply(topic, said, correlationData) {
    const options = { qos: 1, properties: { correlationData } };
    return this.#client.publishAsync(topic, JSON.stringify(said), options);
  }

  close() {
    return this.#client.endAsync(true);
  }
}
