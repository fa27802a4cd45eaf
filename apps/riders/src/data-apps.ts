import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { RiderDataService } from "@fanfare/contracts/riders/v1/rider_data";
import { TripRidersService } from "@fanfare/contracts/trips/v1/trip_riders";

/** The other apps that store data of riders. Each serves RiderDataService. */
export const dataApps = ["trips", "billing", "notifications"] as const;

/** The name of an app that stores data of riders. */
export type DataApp = (typeof dataApps)[number];

/** The clients of the apps that store data of riders. */
export interface DataClients {
  readonly data: Readonly<Record<DataApp, Client<typeof RiderDataService>>>;
  readonly trips: Client<typeof TripRidersService>;
}

/** Creates the clients over a transport to each app. */
export function createDataClients(transports: Readonly<Record<DataApp, Transport>>): DataClients {
  return {
    data: {
      trips: createClient(RiderDataService, transports.trips),
      billing: createClient(RiderDataService, transports.billing),
      notifications: createClient(RiderDataService, transports.notifications),
    },
    trips: createClient(TripRidersService, transports.trips),
  };
}
