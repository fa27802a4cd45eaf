import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  Consent,
  type PaymentMethod,
  PaymentMethodSchema,
  type Profile,
  ProfileSchema,
} from "@fanfare/contracts/riders/v1/riders";
import type { ConsentName, PaymentMethodRow, ProfileRecord } from "./tables.ts";

/** The names of the consents in the database. */
export const consentNames: ReadonlyMap<Consent, ConsentName> = new Map<Consent, ConsentName>([
  [Consent.MARKETING, "marketing"],
  [Consent.ANALYTICS, "analytics"],
]);

const consentMessages: Readonly<Record<ConsentName, Consent>> = {
  marketing: Consent.MARKETING,
  analytics: Consent.ANALYTICS,
};

/** Converts a profile to the message that the API returns. */
export function toProfile({ rider, consents }: ProfileRecord): Profile {
  return create(ProfileSchema, {
    riderId: rider.rider_id,
    displayName: rider.display_name,
    email: rider.email,
    locale: rider.locale,
    timeZone: rider.time_zone,
    consents: consents.map(({ consent, given_at }) => ({
      consent: consentMessages[consent],
      givenAt: timestampFromDate(given_at),
    })),
  });
}

/** Converts a payment method to the message that the API returns, without the gateway's token. */
export function toPaymentMethod(row: PaymentMethodRow): PaymentMethod {
  return create(PaymentMethodSchema, {
    paymentMethodId: row.payment_method_id,
    label: row.label,
    addedAt: timestampFromDate(row.added_at),
  });
}
