import { createAccess } from "@fanfare/access";
import { createPayloadCodec } from "@fanfare/saga/codec";
import {
  authVariables,
  definePortVariable,
  defineVariable,
  loadConfig,
  serverVariables,
} from "@fanfare/service";
import { payloadVariables } from "@fanfare/trip-contract/payloads";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import { readStack } from "../stack/running-stack.ts";
import { createTerminal } from "../terminal.ts";
import { startCodecServer } from "./start-codec-server.ts";

/** The port of the codec server where nothing else is configured. */
const codecServerPort = 8234;

const variables = {
  host: serverVariables.host,
  trustedProxies: serverVariables.trustedProxies,
  port: definePortVariable("PORT", codecServerPort),
  ...authVariables,
  ...payloadVariables,
  namespace: defineVariable("TEMPORAL_NAMESPACE", z.string().min(1).default("default"), {
    about: "Namespace whose payloads are converted.",
    example: "default",
  }),
  origins: defineVariable(
    "CODEC_ORIGINS",
    z
      .string()
      .default("http://127.0.0.1:8233,http://localhost:8233")
      .transform((text) => text.split(",").map((origin) => origin.trim())),
    {
      about: "Origins of Temporal's pages that may call, joined by commas.",
      example: "https://temporal.example.com",
    },
  ),
};

/**
 * Serves Temporal's codec protocol to operators until a signal. What the environment does not set is that
 * of this checkout's running stack.
 */
export async function codecServerCommand(signal: AbortSignal): Promise<void> {
  const config = loadConfig(
    { name: "codec-server", about: "Decrypts payloads of Temporal for operators.", variables },
    { env: { ...(await readStackSettings()), ...process.env }, argv: [] },
  );
  if (config.codecKeys() === undefined) {
    throw new CliError("expected keys: set TEMPORAL_CODEC_KEYS_FILE to their file");
  }
  await using server = await startCodecServer({
    host: config.host,
    port: config.port,
    codec: createPayloadCodec(config.codecKeys),
    verifier: createAccess({ ...config, name: "codec-server" }),
    namespace: config.namespace,
    origins: config.origins,
    trustedProxies: config.trustedProxies,
  });
  const terminal = createTerminal();
  terminal.line(`Converting payloads of the namespace ${config.namespace} at ${server.url}`);
  terminal.line("Send the token of an operator: fanfare token --role operator");
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => stop(), { once: true });
  if (signal.aborted) stop();
  await stopped;
}

/** Returns the settings of the running stack that the codec server shares. */
async function readStackSettings(): Promise<Record<string, string>> {
  const trips = (await readStack())?.environments["trips"] ?? {};
  const shared = Object.entries(trips).filter(([name]) => /^(AUTH|TEMPORAL)_/.test(name));
  return Object.fromEntries(shared);
}
