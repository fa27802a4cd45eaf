import { create, type DescMethod, ScalarType, toBinary } from "@bufbuild/protobuf";
import { createRandom, type Random } from "@fanfare/dev-stack";
import { type Access, createLogger, serve } from "@fanfare/service";
import { expect, it, vi } from "vitest";
import { services } from "../test/services.ts";
import { allowedRoles, allowedSubjects } from "./allowed-roles.ts";

const bodiesPerType = 5;
const unaryTypes = ["application/proto", "application/json", "application/grpc-web+proto"];
const streamTypes = ["application/connect+proto", "application/grpc-web+proto"];

/** Creates a message with a text in each of its text fields, and changes, cuts or replaces its bytes. */
function createBody({ input }: DescMethod, random: Random): Buffer {
  const texts = input.fields.flatMap((field) =>
    field.fieldKind === "scalar" && field.scalar === ScalarType.STRING
      ? [[field.localName, random() < 0.5 ? "a\u001b[2J" : crypto.randomUUID()] as const]
      : [],
  );
  const message = create(input, Object.fromEntries(texts));
  const bytes = Buffer.concat([toBinary(input, message), Buffer.alloc(Math.floor(random() * 20))]);
  for (let change = 0; change < 1 + random() * 6; change += 1) {
    if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  }
  return bytes.subarray(0, Math.ceil(bytes.length * random()));
}

function encode(body: Buffer, type: string, random: Random): Buffer {
  if (type === "application/json") return Buffer.from(`{"tripId":${body.toString("latin1")}}`);
  if (type === "application/proto" || random() < 0.2) return body;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

it("answers no malformed request of any method as internal, and logs no error", async () => {
  const logger = createLogger({ name: "test", level: "silent" });
  const errors = [vi.spyOn(logger, "error"), vi.spyOn(logger, "warn")];
  const access: Access = {
    verify: async (role) => ({ role, subject: "worker" }),
    assertReady: async () => {},
    assertFresh: async () => {},
    allowedRoles,
    allowedSubjects,
  };
  await using server = await serve({
    host: "127.0.0.1",
    port: 0,
    routes: (router) => {
      for (const service of services) router.service(service, {});
    },
    access,
    logger,
  });
  const random = createRandom(401);
  const seen = new Set<string>();
  for (const method of services.flatMap((service) => service.methods)) {
    const role = allowedRoles(method)[0] ?? "";
    const path = `${method.parent.typeName}/${method.name}`;
    for (const type of method.methodKind === "unary" ? unaryTypes : streamTypes) {
      for (let count = 0; count < bodiesPerType; count += 1) {
        const body = encode(createBody(method, random), type, random);
        const response = await fetch(`${server.url}/${path}`, {
          method: "POST",
          headers: { "content-type": type, authorization: `Bearer ${role}` },
          body: new Uint8Array(body),
        });
        const text = await response.text();
        const answer = `${response.status} ${/"code":"\w+"|grpc-status: ?\d+/.exec(text)?.[0] ?? ""}`;
        seen.add(answer);
        const found = { path, type, body: body.toString("hex"), answer };
        expect(found).toMatchObject({
          answer: expect.not.stringMatching(/internal|unknown|status: ?(2|13)$|^5(?!01)/),
        });
      }
    }
  }
  expect([...seen]).toContain('400 "code":"invalid_argument"');
  for (const spy of errors) expect(spy).not.toHaveBeenCalled();
}, 60_000);
