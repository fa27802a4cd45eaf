import { type NatsTls, readNatsTls, type TlsFiles } from "@fanfare/service";

/** Returns the TLS options of a NATS client with the certificate of the CLI; empty without one. */
export function toNatsTls(files: TlsFiles | undefined): NatsTls {
  return readNatsTls({
    natsCaFile: files?.caFile,
    natsCertFile: files?.certFile,
    natsKeyFile: files?.keyFile,
    natsTlsFirst: false,
  });
}
