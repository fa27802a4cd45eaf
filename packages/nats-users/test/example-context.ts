// What the @examples of this package use without importing it.
import { connectNats as connect } from "@fanfare/bus-nats";
import { openSecretsFolder as open } from "@fanfare/secrets";

export const connectNats: typeof connect = connect;
export const openSecretsFolder: typeof open = open;
export declare const servers: string;
