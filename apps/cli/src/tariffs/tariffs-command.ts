import { toJson } from "@bufbuild/protobuf";
import { type Duration, durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import {
  ListTariffsResponseSchema,
  SetTariffResponseSchema,
  type Tariff,
  TariffService,
} from "@fanfare/contracts/trips/v1/tariffs";
import { alignRows, createTerminal, type Terminal } from "../terminal.ts";
import { type CallerOptions, findAddress } from "../trip/find-address.ts";
import { formatMoney } from "../trip/trip-text.ts";
import { connectTo } from "../trip/trips-client.ts";
import { parseTerms, type TermFlags } from "./parse-terms.ts";

/** The flags of `tariffs list`. */
export interface ListTariffsFlags extends CallerOptions {
  readonly limit: number;
  readonly page?: string;
  readonly json?: boolean;
}

/** The flags of `tariffs set`. */
export interface SetTariffFlags extends CallerOptions, TermFlags {
  readonly reason?: string;
  readonly json?: boolean;
}

/** Prints a page of tariffs, the newest first, and marks the one in force. */
export async function printTariffs(
  flags: ListTariffsFlags,
  terminal: Terminal = createTerminal(),
): Promise<void> {
  using service = connectTo(TariffService, await findAddress({ ...flags, operator: true }));
  const request = { pageSize: flags.limit, pageToken: flags.page ?? "" };
  const page = await service.client.listTariffs(request);
  if (flags.json === true) {
    return terminal.line(JSON.stringify(toJson(ListTariffsResponseSchema, page)));
  }
  for (const line of formatTariffs(page.tariffs, page.inForce, terminal)) terminal.line(line);
  if (page.nextPageToken !== "") terminal.line(`Next page: --page ${page.nextPageToken}`);
}

/** Puts a tariff in force, and prints it. Adds it when the flags have its terms. */
export async function putInForce(
  tariffId: string,
  flags: SetTariffFlags,
  terminal: Terminal = createTerminal(),
): Promise<void> {
  const parsed = parseTerms(flags);
  const toMoney = (minorUnits: bigint) => ({ minorUnits, currency: parsed?.currency ?? "" });
  const terms = parsed && {
    unlockFee: toMoney(parsed.unlockFee),
    incrementPrice: toMoney(parsed.price),
    increment: durationFromMs(parsed.incrementMs),
    maximumDrive: durationFromMs(parsed.maximumDriveMs),
    cancellationGrace: durationFromMs(parsed.graceMs),
  };
  using service = connectTo(TariffService, await findAddress({ ...flags, operator: true }));
  const set = await service.client.setTariff({
    tariffId,
    reason: flags.reason ?? "",
    ...(terms && { terms }),
  });
  if (flags.json === true) {
    return terminal.line(JSON.stringify(toJson(SetTariffResponseSchema, set)));
  }
  const tariffs = set.tariff ? [set.tariff] : [];
  for (const line of formatTariffs(tariffs, tariffId, terminal)) terminal.line(line);
}

function formatTariffs(tariffs: readonly Tariff[], inForce: string, terminal: Terminal): string[] {
  const head = ["TARIFF", "IN FORCE", "UNLOCK", "PRICE", "PER", "LONGEST DRIVE", "GRACE"];
  return alignRows([
    head.map((name) => terminal.colour("dim", name)),
    ...tariffs.map(({ id, terms }) => [
      id,
      id === inForce ? "yes" : "",
      formatMoney(terms?.unlockFee),
      formatMoney(terms?.incrementPrice),
      formatDuration(terms?.increment),
      formatDuration(terms?.maximumDrive),
      formatDuration(terms?.cancellationGrace),
    ]),
  ]);
}

function formatDuration(duration: Duration | undefined): string {
  return duration === undefined ? "" : `${durationMs(duration) / 1000} s`;
}
