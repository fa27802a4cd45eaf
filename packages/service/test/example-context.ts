// What the @examples of this package use without importing it.
import type { HandlerContext } from "@connectrpc/connect";
import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { EchoService as Echo } from "../src/gen/fanfare/echo/v1/echo_pb.ts";
import type { Access, Logger, PageRequest, Routes, TokenVerifier } from "../src/index.ts";

export const EchoService: typeof Echo = Echo;

/** The tables of the example's database. */
interface Notes {
  notes: { id: string; text: string };
}

export declare const access: Access;
export declare const context: HandlerContext;
export declare const createRoutes: (db: Kysely<Notes>) => Routes;
export declare const db: Kysely<Notes>;
export declare const host: string;
export declare const logger: Logger;
export declare const migrations: Record<string, Migration>;
export declare const noteId: string;
export declare const port: number;
export declare const request: PageRequest;
export declare const routes: Routes;
export declare const token: string;
export declare const url: string;
export declare const vehicleId: string;
export declare const verifier: TokenVerifier;
