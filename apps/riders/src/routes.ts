import { Code, ConnectError } from "@connectrpc/connect";
import { RiderChange } from "@fanfare/contracts/riders/v1/rider_events";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { getCaller, notify, type Routes } from "@fanfare/service";
import type { Kysely } from "kysely";
import {
  addPaymentMethod,
  getPaymentMethod,
  listPaymentMethods,
  removePaymentMethod,
} from "./payment-methods.ts";
import { toPaymentMethod, toProfile } from "./profile-message.ts";
import { createEmptyProfile, findProfile, updateProfile } from "./profiles.ts";
import { publishRiderChange } from "./publish-rider-change.ts";
import type { RidersTables } from "./tables.ts";

/** Options of `createRoutes`. */
export interface RoutesOptions {
  /** Called after each transaction that may have written an event. Its failures change no answer. */
  readonly onCommit?: () => void;
}

/** Creates the routes of RidersService over its database. */
export function createRoutes(db: Kysely<RidersTables>, { onCommit }: RoutesOptions = {}): Routes {
  const readProfile = async (riderId: string) =>
    (await findProfile(db, riderId)) ?? createEmptyProfile(riderId);
  return (router) =>
    router.service(RidersService, {
      async getProfile(_, context) {
        return { profile: toProfile(await readProfile(getCaller(context).subject)) };
      },

      async updateProfile(request, context) {
        const { subject: riderId } = getCaller(context);
        await db.transaction().execute(async (tx) => {
          const changed = await updateProfile(tx, riderId, request);
          if (changed) await publishRiderChange(tx, riderId, { change: RiderChange.PROFILE });
        });
        notify(onCommit, []);
        return { profile: toProfile(await readProfile(riderId)) };
      },

      async addPaymentMethod(request, context) {
        const { subject: riderId } = getCaller(context);
        const method = await db.transaction().execute(async (tx) => {
          const added = await addPaymentMethod(tx, riderId, request);
          if (added.isNew) {
            await publishRiderChange(tx, riderId, {
              change: RiderChange.PAYMENT_METHOD_ADDED,
              paymentMethodId: added.method.payment_method_id,
            });
          }
          return added.method;
        });
        notify(onCommit, []);
        return { paymentMethod: toPaymentMethod(method) };
      },

      async listPaymentMethods(_, context) {
        const methods = await listPaymentMethods(db, getCaller(context).subject);
        return { paymentMethods: methods.map(toPaymentMethod) };
      },

      async removePaymentMethod({ paymentMethodId }, context) {
        const { subject: riderId } = getCaller(context);
        await db.transaction().execute(async (tx) => {
          if (!(await removePaymentMethod(tx, riderId, paymentMethodId))) return;
          const change = RiderChange.PAYMENT_METHOD_REMOVED;
          await publishRiderChange(tx, riderId, { change, paymentMethodId });
        });
        notify(onCommit, []);
        return {};
      },

      async getRider({ riderId }) {
        const profile = await findProfile(db, riderId);
        if (profile === undefined) {
          throw new ConnectError(
            `nothing is stored of rider ${riderId}: send the id of a trip's rider, as GetTrip returns it`,
            Code.NotFound,
          );
        }
        const methods = await listPaymentMethods(db, riderId);
        return { profile: toProfile(profile), paymentMethods: methods.map(toPaymentMethod) };
      },

      async getGatewayToken({ riderId, paymentMethodId }) {
        const method = await getPaymentMethod(db, riderId, paymentMethodId);
        return { gatewayToken: method.gateway_token };
      },

      async getRegion({ riderId }) {
        const { rider } = await readProfile(riderId);
        return { locale: rider.locale, timeZone: rider.time_zone };
      },
    });
}
