import type { CertificateFiles } from '../server-certificate.ts';

/** The flags of Istio's echo server, as far as the mesh conformance manifests and Istio's own tests give them. */
export interface AdvancedEchoOptions {
  /** HTTP/1 and, with prior knowledge, HTTP/2; WebSocket too. */
  readonly httpPorts: readonly number[];
  readonly grpcPorts: readonly number[];
  readonly tcpPorts: readonly number[];
  /** Those of the others that speak TLS. */
  readonly tlsPorts: readonly number[];
  readonly certificate: CertificateFiles;
  readonly hostname: string;
  readonly write: (line: string) => void;
}
