import { readTlsFiles, readVariable, type TlsFiles } from "@fanfare/service";

/** Returns the files of TLS_CA_FILE, TLS_CERT_FILE and TLS_KEY_FILE; undefined when none is set. */
export function readTls(env: NodeJS.ProcessEnv): TlsFiles | undefined {
  const caFile = readVariable("TLS_CA_FILE", env);
  const certFile = readVariable("TLS_CERT_FILE", env);
  const keyFile = readVariable("TLS_KEY_FILE", env);
  // A client needs no certificate of its own.
  if (certFile === undefined && keyFile === undefined) return caFile ? { caFile } : undefined;
  return readTlsFiles({
    tlsCaFile: caFile,
    tlsCertFile: certFile,
    tlsKeyFile: keyFile,
    tlsClientCertificate: undefined,
  });
}
