// The server under test of the Connect conformance runner. It reads a ServerCompatRequest from stdin,
// serves, and writes a ServerCompatResponse to stdout. Both are preceded by their length in four bytes.
import { buffer } from "node:stream/consumers";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { pino } from "pino";
import { startServer } from "../../src/server/start-server.ts";
import {
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "./gen/connectrpc/conformance/v1/server_compat_pb.ts";
import { conformanceRoutes, defaultTimeoutMs } from "./routes.ts";

const input = await buffer(process.stdin);
const { messageReceiveLimit } = fromBinary(ServerCompatRequestSchema, input.subarray(4));
const host = "127.0.0.1";
const { port } = await startServer({
  host,
  port: 0,
  routes: conformanceRoutes,
  gate: async () => {}, // The clients of the suite send no tokens.
  defaultTimeoutMs,
  maxTimeoutMs: defaultTimeoutMs,
  maxStreamMs: defaultTimeoutMs,
  invisibleText: "accept", // The suite sends texts of several lines.
  logger: pino({ level: "silent" }),
  ...(messageReceiveLimit > 0 ? { readMaxBytes: messageReceiveLimit } : {}),
});
const response = toBinary(
  ServerCompatResponseSchema,
  create(ServerCompatResponseSchema, { host, port }),
);
const length = Buffer.alloc(4);
length.writeUInt32BE(response.length);
process.stdout.write(Buffer.concat([length, response]));
