import { Code, ConnectError } from "@connectrpc/connect";
import { RiderChange } from "@fanfare/contracts/riders/v1/rider_events";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { getCaller, notify, type Routes } from "@fanfare/service";
import type { ErasureDeps } from "./erasure/begin-erasure.ts";
import { eraseRider, getErasure } from "./erasure/erase-rider.ts";
import { toErasure } from "./erasure/erasure-message.ts";
import { chooseRider, exportRider } from "./export/export-rider.ts";
import {
  addPaymentMethod,
  getPaymentMethod,
  listPaymentMethods,
  removePaymentMethod,
} from "./payment-methods.ts";
import { toPaymentMethod, toProfile } from "./profile-message.ts";
import {
  checkNotErased,
  createEmptyProfile,
  findProfile,
  isErased,
  updateProfile,
} from "./profiles.ts";
import { publishRiderChange } from "./publish-rider-change.ts";

/** What the routes work with. */
export interface RoutesDeps extends ErasureDeps {
  /** Called after each transaction that may have written an event. Its failures change no answer. */
  readonly onCommit?: () => void;
}

/** Creates the routes of RidersService over its database and the other apps that store data of riders. */
export function createRoutes({ db, clients, onCommit }: RoutesDeps): Routes {
  const readProfile = async (riderId: string) =>
    (await findProfile(db, riderId)) ?? createEmptyProfile(riderId);
  return (router) =>
    router.service(RidersService, {
      async getProfile(_, context) {
        const { subject: riderId } = getCaller(context);
        await checkNotErased(db, riderId);
        return { profile: toProfile(await readProfile(riderId)) };
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

      async eraseRider({ riderId, reason }, context) {
        const { subject: operator } = getCaller(context);
        const erasure = await eraseRider({ db, clients }, { riderId, operator, reason });
        notify(onCommit, []);
        return { erasure: toErasure(erasure) };
      },

      async getErasure({ riderId }) {
        return { erasure: toErasure(await getErasure({ db }, riderId)) };
      },

      async *exportRider({ riderId }, context) {
        yield* exportRider({ db, clients }, chooseRider(riderId, getCaller(context)));
      },

      async getGatewayToken({ riderId, paymentMethodId }) {
        const method = await getPaymentMethod(db, riderId, paymentMethodId);
        return { gatewayToken: method.gateway_token };
      },

      async getRegion({ riderId }) {
        if (await isErased(db, riderId)) {
          throw new ConnectError(
            `rider ${riderId} was erased: write nothing to them`,
            Code.NotFound,
          );
        }
        const { rider } = await readProfile(riderId);
        return { locale: rider.locale, timeZone: rider.time_zone };
      },
    });
}
