import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { createAccess } from "@fanfare/access";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { serviceKeySetFile } from "@fanfare/secrets";
import { createLogger, type Routes, serve } from "@fanfare/service";
import type { Stack } from "./stack.ts";

/** The message of a refusing service. */
export const refusalSentence = "the desk is closed";

function refuse(): never {
  throw new ConnectError(refusalSentence, Code.FailedPrecondition);
}

const routes: Readonly<Record<"fleet" | "billing", Routes>> = {
  fleet: (router) =>
    router.service(FleetService, { reserveVehicle: refuse, releaseVehicle: refuse }),
  billing: (router) =>
    router.service(BillingService, {
      openTab: refuse,
      voidTab: refuse,
      charge: refuse,
      refund: refuse,
      captureTab: refuse,
    }),
};

/** Listens on the port of a stopped service and refuses each step and compensation while `work` runs. */
export async function whileRefusing(
  { system, keys, secretsFolder }: Stack,
  name: "fleet" | "billing",
  work: () => Promise<void>,
): Promise<void> {
  const server = await serve({
    host: "127.0.0.1",
    port: Number(new URL(system.app(name).url).port),
    routes: routes[name],
    access: createAccess({
      name,
      serviceJwks: join(secretsFolder, "keys", serviceKeySetFile),
      jwks: keys.jwksFile,
      issuer: keys.issuer,
      audience: keys.audience,
    }),
    logger: createLogger({ name, level: "silent" }),
  });
  try {
    await work();
  } finally {
    await server.close();
  }
}
