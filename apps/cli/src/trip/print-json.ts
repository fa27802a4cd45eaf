import { type DescMessage, type Message, toJson } from "@bufbuild/protobuf";
import { OperatorTripSchema } from "@fanfare/contracts/trips/v1/operator_trip";
import { TripSchema } from "@fanfare/contracts/trips/v1/trips";
import type { Terminal } from "../terminal.ts";

/** The messages of a trip: as its rider sees it, and as operators do. */
export const tripSchemas: readonly DescMessage[] = [TripSchema, OperatorTripSchema];

/** Prints a message as one line of JSON. Throws when none of the schemas is that of the message. */
export function printJson(
  terminal: Terminal,
  schemas: readonly DescMessage[],
  message: Message,
): void {
  const schema = schemas.find(({ typeName }) => typeName === message.$typeName);
  if (schema === undefined) {
    throw new Error(
      `expected ${schemas.map(({ typeName }) => typeName).join(" or ")}, got ${message.$typeName}: add its schema`,
    );
  }
  terminal.line(JSON.stringify(toJson(schema, message)));
}
