import { create, toBinary } from "@bufbuild/protobuf";
import { CloudEvent, HTTP } from "cloudevents";
import { expect, it } from "vitest";
import { NoteEvents, NoteSchema } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { readTopic } from "../topic.ts";
import { decodeEvent } from "./decode-event.ts";
import { encodeEvent } from "./encode-event.ts";

// The SDK has no binding for NATS. That of HTTP has the same headers, apart from the content type's.
const topic = readTopic(NoteEvents.method.noteWritten);
const note = create(NoteSchema, { author: "zoe", number: 7 });
const attributes = {
  subject: "note/7",
  dataschema: "https://schemas.example.com/note",
  tenantid: "acme",
};

it("writes what the SDK of CloudEvents reads", () => {
  const { headers, data } = encodeEvent(topic, note, {
    source: "//tests",
    now: 0,
    id: "note/7",
    attributes,
  });
  const http = { ...headers, "content-type": headers["ce-datacontenttype"] ?? "" };
  expect(HTTP.toEvent({ headers: http, body: Buffer.from(data) })).toMatchObject({
    id: "note/7",
    type: "fanfare.testing.v1.Note",
    source: "//tests",
    time: "1970-01-01T00:00:00.000Z",
    data_base64: Buffer.from(data).toString("base64"),
    ...attributes,
  });
});

it("reads what the SDK of CloudEvents writes", () => {
  const event = new CloudEvent({
    id: "one",
    type: NoteSchema.typeName,
    source: "//others",
    datacontenttype: "application/x-protobuf",
    data: Buffer.from(toBinary(NoteSchema, note)),
    ...attributes,
  });
  const { headers, body } = HTTP.binary(event);
  const data = Buffer.isBuffer(body) ? body : Buffer.of();
  const texts = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, String(value)]),
  );
  const { "content-type": type = "", ...others } = texts;
  const sent = { ...others, "ce-datacontenttype": type };
  const stored = { topic: topic.name, headers: sent, data, sequence: 1, storedAt: 0 };
  const { message, envelope } = decodeEvent(topic, stored);
  expect(message).toEqual(note);
  expect(envelope).toMatchObject({ id: "one", source: "//others", attributes, headers: {} });
});
