import type { Kysely } from "kysely";
import type { PaymentGateway } from "./gateway.ts";
import { findAuthorisationRejection, findCaptureRejection } from "./sandbox-methods.ts";
import { refundInSandbox } from "./sandbox-refund.ts";
import type { SandboxTables } from "./tables.ts";

/**
 * Creates a gateway that takes no money. It stores what it authorised, captured and voided in tables and
 * transactions of its own, as a remote gateway would. Its payment methods are in `sandbox-methods.ts`.
 */
export function createSandboxGateway(db: Kysely<SandboxTables>): PaymentGateway {
  return {
    async authorise({ key, paymentMethod, amount }) {
      const rejection = findAuthorisationRejection(paymentMethod);
      await db
        .insertInto("sandbox_authorisations")
        .values({
          authorisation_key: key,
          payment_method: rejection?.outcome === "unknown-method" ? "unknown" : paymentMethod,
          minor_units: amount.minorUnits,
          currency: amount.currency,
          state: rejection === undefined ? "authorised" : "refused",
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const { payment_method } = await db
        .selectFrom("sandbox_authorisations")
        .select("payment_method")
        .where("authorisation_key", "=", key)
        .executeTakeFirstOrThrow();
      return (
        findAuthorisationRejection(payment_method) ?? {
          outcome: "authorised",
          authorisationId: key,
        }
      );
    },

    capture({ key, authorisationId, amount }) {
      return db.transaction().execute(async (tx) => {
        const authorisation = await lockAuthorisation(tx, authorisationId);
        const rejection = findCaptureRejection(authorisation.payment_method);
        const earlier = await tx
          .selectFrom("sandbox_captures")
          .select("taken")
          .where("capture_key", "=", key)
          .executeTakeFirst();
        if (earlier === undefined) {
          if (authorisation.state !== "authorised") {
            throw new Error(`authorisation ${authorisationId} is ${authorisation.state}`);
          }
          if (
            amount.currency !== authorisation.currency ||
            amount.minorUnits > BigInt(authorisation.minor_units)
          ) {
            throw new Error(`a capture on ${authorisationId} is more than the authorised amount`);
          }
          await tx
            .insertInto("sandbox_captures")
            .values({
              capture_key: key,
              authorisation_key: authorisationId,
              minor_units: amount.minorUnits,
              taken: rejection === undefined,
            })
            .execute();
          if (rejection === undefined) {
            await setState(tx, authorisationId, "captured");
          }
        }
        return rejection ?? { outcome: "captured" };
      });
    },

    refund: (request) => db.transaction().execute((tx) => refundInSandbox(tx, request)),

    async void({ authorisationId }) {
      await db.transaction().execute(async (tx) => {
        const { state } = await lockAuthorisation(tx, authorisationId);
        if (state === "authorised") {
          await setState(tx, authorisationId, "void");
        } else if (state !== "void") {
          throw new Error(`authorisation ${authorisationId} is ${state}: it cannot be voided`);
        }
      });
    },
  };
}

function lockAuthorisation(tx: Kysely<SandboxTables>, authorisationId: string) {
  return tx
    .selectFrom("sandbox_authorisations")
    .selectAll()
    .where("authorisation_key", "=", authorisationId)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

async function setState(
  tx: Kysely<SandboxTables>,
  authorisationId: string,
  state: "captured" | "void",
): Promise<void> {
  await tx
    .updateTable("sandbox_authorisations")
    .set({ state })
    .where("authorisation_key", "=", authorisationId)
    .execute();
}
