import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import {
  Consent,
  GetRiderResponseSchema,
  ListPaymentMethodsResponseSchema,
  type PaymentMethod,
  PaymentMethodSchema,
  type Profile,
  ProfileSchema,
  RidersService,
} from "@fanfare/contracts/riders/v1/riders";
import { CliError } from "../cli-error.ts";
import { alignRows, createTerminal } from "../terminal.ts";
import { type CallerOptions, findAddress } from "../trip/find-address.ts";
import { connectTo } from "../trip/trips-client.ts";
import { defaultLabel, getSandboxLabel, isSandboxToken } from "./sandbox-methods.ts";

/** The flags that all commands about riders share. */
export interface RidersFlags extends CallerOptions {
  readonly json?: boolean;
}

/** The flags of `riders update`. */
export interface UpdateFlags extends RidersFlags {
  readonly name?: string;
  readonly email?: string;
  readonly locale?: string;
  readonly timeZone?: string;
  readonly consents?: string;
}

/** Prints the caller's profile; with an id, that of the rider, as an operator, with their payment methods. */
export async function showRider(id: string | undefined, flags: RidersFlags): Promise<void> {
  if (id === undefined) {
    const { profile } = await callRiders(flags, (client) => client.getProfile({}));
    return print(flags, ProfileSchema, profile, formatProfile);
  }
  const asOperator = { ...flags, operator: true };
  const found = await callRiders(asOperator, (client) => client.getRider({ riderId: id }));
  print(flags, GetRiderResponseSchema, found, ({ profile, paymentMethods }) => [
    ...(profile === undefined ? [] : formatProfile(profile)),
    ...formatMethods(paymentMethods),
  ]);
}

/** Changes the fields of the caller's profile that have a flag, and prints it. */
export async function updateRider(flags: UpdateFlags): Promise<void> {
  const { name, email, locale, timeZone, consents } = flags;
  const request = {
    ...(name === undefined ? {} : { displayName: name }),
    ...(email === undefined ? {} : { email }),
    ...(locale === undefined ? {} : { locale }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(consents === undefined ? {} : { consents: { consents: parseConsents(consents) } }),
  };
  const { profile } = await callRiders(flags, (client) => client.updateProfile(request));
  print(flags, ProfileSchema, profile, formatProfile);
}

/** Prints the caller's payment methods. */
export async function listMethods(flags: RidersFlags): Promise<void> {
  const listed = await callRiders(flags, (client) => client.listPaymentMethods({}));
  print(flags, ListPaymentMethodsResponseSchema, listed, ({ paymentMethods }) =>
    formatMethods(paymentMethods),
  );
}

/** Adds a payment method of the gateway to the caller, and prints it. */
export async function addMethod(gatewayToken: string, flags: RidersFlags): Promise<void> {
  const label = isSandboxToken(gatewayToken) ? getSandboxLabel(gatewayToken) : defaultLabel;
  const { paymentMethod } = await callRiders(flags, (client) =>
    client.addPaymentMethod({ gatewayToken, label }),
  );
  print(flags, PaymentMethodSchema, paymentMethod, (method) => formatMethods([method]));
}

/** Removes a payment method of the caller. */
export async function removeMethod(paymentMethodId: string, flags: RidersFlags): Promise<void> {
  await callRiders(flags, (client) => client.removePaymentMethod({ paymentMethodId }));
  createTerminal().line(
    flags.json ? JSON.stringify({ removed: paymentMethodId }) : `Removed ${paymentMethodId}.`,
  );
}

async function callRiders<T>(
  flags: RidersFlags & { readonly operator?: boolean },
  call: (client: Client<typeof RidersService>) => Promise<T>,
): Promise<T> {
  using riders = connectTo(RidersService, await findAddress(flags, process.env, "riders"));
  return await call(riders.client);
}

function parseConsents(text: string): Consent[] {
  if (text === "none") return [];
  return text.split(",").map((name) => {
    if (name === "marketing") return Consent.MARKETING;
    if (name === "analytics") return Consent.ANALYTICS;
    throw new CliError(`expected marketing, analytics or none, got "${name}": join by commas`);
  });
}

function formatProfile(profile: Profile): string[] {
  const consents = profile.consents.map(({ consent }) =>
    consent === Consent.MARKETING ? "marketing" : "analytics",
  );
  return alignRows([
    ["rider", profile.riderId],
    ["name", profile.displayName],
    ["email", profile.email],
    ["locale", profile.locale],
    ["time zone", profile.timeZone],
    ["consents", consents.join(", ") || "none"],
  ]);
}

function formatMethods(methods: readonly PaymentMethod[]): string[] {
  if (methods.length === 0) return ["The rider has no payment methods."];
  return alignRows(
    methods.map(({ paymentMethodId, label, addedAt }) => [
      paymentMethodId,
      label,
      addedAt === undefined ? "" : timestampDate(addedAt).toISOString(),
    ]),
  );
}

function print<S extends DescMessage>(
  { json }: RidersFlags,
  schema: S,
  message: MessageShape<S> | undefined,
  format: (message: MessageShape<S>) => string[],
): void {
  if (message === undefined) throw new CliError("expected an answer of riders, got an empty one");
  const lines = json ? [JSON.stringify(toJson(schema, message))] : format(message);
  const terminal = createTerminal();
  for (const line of lines) terminal.line(line);
}
