const partitions = 64;
const encoder = new TextEncoder();

/**
 * Computes the partition of a key: the FNV-1a hash (32 bit) of its UTF-8 bytes, modulo 64; 0 without
 * a key. It is part of the wire format and never changes.
 */
export function computePartition(key: string | undefined): number {
  if (key === undefined || key === "") return 0;
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(key)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % partitions;
}
