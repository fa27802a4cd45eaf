// What the @examples of this package use without importing it.
import { FleetService as Fleet } from "@fanfare/contracts/fleet/v1/fleet";
import type { Logger, Routes, TokenVerifierOptions } from "@fanfare/service";

export const FleetService: typeof Fleet = Fleet;

export declare const config: Omit<TokenVerifierOptions, "roles"> & { host: string; port: number };
export declare const logger: Logger;
export declare const routes: Routes;
