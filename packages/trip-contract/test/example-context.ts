// What the @examples of this package use without importing it.
import type { AttributeServices } from "../src/missing-attributes.ts";

export declare const connection: AttributeServices;
export declare const error: unknown;
