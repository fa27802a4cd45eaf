export { NoteEvents, NoteSchema } from "../gen/fanfare/testing/v1/note_events_pb.ts";
export type { BrokerStore } from "./broker-store.ts";
export { type SuiteOptions, testBroker } from "./test-broker.ts";
