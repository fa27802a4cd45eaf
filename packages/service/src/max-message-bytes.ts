/** maxMessageBytes is how large a message may be that nobody has set a limit for, either way. */
export const maxMessageBytes: number = 1024 * 1024;
