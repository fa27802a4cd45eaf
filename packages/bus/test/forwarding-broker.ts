import type { Broker } from "../src/broker.ts";

/** A broker whose methods need their `this`, and which is no plain object. */
export class ForwardingBroker implements Broker {
  readonly #broker: Broker;
  constructor(broker: Broker) {
    this.#broker = broker;
  }
  get name() {
    return this.#broker.name;
  }
  get features() {
    return this.#broker.features;
  }
  get clock() {
    return this.#broker.clock;
  }
  get deadLetters() {
    return this.#broker.deadLetters;
  }
  append(...args: Parameters<Broker["append"]>) {
    return this.#broker.append(...args);
  }
  async appendAll(...args: Parameters<NonNullable<Broker["appendAll"]>>) {
    return (await this.#broker.appendAll?.(...args)) ?? [];
  }
  declare(...args: Parameters<Broker["declare"]>) {
    return this.#broker.declare(...args);
  }
  lease(...args: Parameters<Broker["lease"]>) {
    return this.#broker.lease(...args);
  }
  progress(...args: Parameters<Broker["progress"]>) {
    return this.#broker.progress(...args);
  }
  health() {
    return this.#broker.health();
  }
  close() {
    return this.#broker.close();
  }
}
