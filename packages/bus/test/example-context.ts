// What the examples in doc comments use without declaring it. They are compiled, never run.
import type { Registry } from "@bufbuild/protobuf";
import type { Broker } from "../src/broker.ts";
import type { EventBus } from "../src/bus.ts";

export declare const bus: EventBus;
export declare const broker: Broker;
export declare const registry: Registry;
export declare const options: { readonly concurrency?: number };
export declare const server: { close(): Promise<void>; destroy(): void };

/** The server of a broker that somebody writes. */
export interface MyServer {
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export declare function startMyServer(): Promise<MyServer>;
export declare function openMyBroker(server: MyServer): Promise<Broker>;
