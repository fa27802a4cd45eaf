const dayMs = 24 * 3_600_000;

/** How long certificates and tokens are valid, in milliseconds. */
export const validForMs = 90 * dayMs;

/** `fanfare secrets` replaces what is valid for less than this, in milliseconds. */
export const renewBeforeMs = 30 * dayMs;

/** How long an authority is valid, in milliseconds. */
export const authorityValidForMs = 3650 * dayMs;
