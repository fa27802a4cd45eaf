import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { type CertificateFiles, createDevKeys, mintToken } from "@fanfare/dev-stack";
import { createLogger, createServiceTransport, createTokenVerifier, serve } from "@fanfare/service";
import { measureRate } from "../measure-rate.ts";

/** A server of one method in this process, and a client of it. */
export interface Calls extends AsyncDisposable {
  readonly client: Client<typeof FleetService>;
}

/** Serves a method that answers at once. With certificates, over TLS that demands one of the client. */
export async function openCalls(folder: string, tls?: CertificateFiles): Promise<Calls> {
  const keys = await createDevKeys(folder);
  const tokenFile = join(folder, "service.token");
  await writeFile(tokenFile, await mintToken(keys, { role: "service", subject: "bench" }));
  const { jwksFile: jwks, issuer, audience } = keys;
  const unlimited = { callsPerSecond: 1e6, maxCalls: 1_000, maxStreams: 1 };
  const server = await serve({
    host: "127.0.0.1",
    port: 0,
    routes: (router) =>
      router.service(FleetService, {
        getVehicle: ({ vehicleId }) => ({ vehicle: { vehicleId, model: "Renault Zoe" } }),
      }),
    access: {
      ...createTokenVerifier({ jwks, issuer, audience, roles: ["service"] }),
      allowedRoles: () => ["service"],
      limits: () => unlimited,
    },
    logger: createLogger({ name: "bench", level: "warn" }),
    tls,
  });
  const transport = createServiceTransport({ baseUrl: server.url, tokenFile, tls });
  return {
    client: createClient(FleetService, transport),
    async [Symbol.asyncDispose]() {
      transport.close();
      await server.close();
    },
  };
}

/** Returns the processor time of a call at both ends, in microseconds. */
export async function measureCalls(
  { client }: Calls,
  { total, inFlight }: { readonly total: number; readonly inFlight: number },
): Promise<number> {
  const before = process.cpuUsage();
  await measureRate(total, inFlight, () => client.getVehicle({ vehicleId: "vehicle-1" }));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / total;
}
