import type { Transport } from "@connectrpc/connect";
import type { Caller, Routes } from "@fanfare/service";
import { createTestTransport as createTransport } from "@fanfare/service/testing";
import { allowedRoles } from "./allowed-roles.ts";

/** Creates a transport that calls routes in memory as `serve` would, authenticated as this caller. */
export function createTestTransport(routes: Routes, caller: Caller): Transport {
  return createTransport(routes, { caller, allowedRoles });
}
