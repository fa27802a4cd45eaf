/** The default limit of a request or response message, in bytes. */
export const maxMessageBytes: number = 1024 * 1024;
