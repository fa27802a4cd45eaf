export { NoteEvents, NoteSchema } from "../gen/fanfare/testing/v1/note_events_pb.ts";
export type { BrokerFixture } from "./broker-fixture.ts";
export { type SuiteOptions, testBroker } from "./test-broker.ts";
