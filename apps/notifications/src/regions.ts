import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";

/** How to write to a rider. */
export interface Region {
  /** A BCP 47 tag, such as de-AT. */
  readonly locale: string;
  /** A name of the IANA time zone database, such as Europe/Vienna. */
  readonly timeZone: string;
}

/** Finds how to write to riders. */
export interface Regions {
  /**
   * Returns the region of a rider: English and UTC when the rider has none, undefined when the rider was erased.
   * Rejects when there is no answer.
   */
  find(riderId: string, options: { readonly signal: AbortSignal }): Promise<Region | undefined>;
}

/** Creates the regions that the riders service keeps. */
export function createRegions(transport: Transport): Regions {
  const riders = createClient(RidersService, transport);
  return {
    async find(riderId, { signal }) {
      try {
        const { locale, timeZone } = await riders.getRegion({ riderId }, { signal });
        return { locale, timeZone };
      } catch (error) {
        // Riders answers for every rider but those who were erased.
        if (ConnectError.from(error).code === Code.NotFound) return undefined;
        throw error;
      }
    },
  };
}
