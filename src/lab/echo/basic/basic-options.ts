import type { CertificateFiles } from '../server-certificate.ts';

/** What the Gateway API suite's echo-basic reads from its environment. */
export interface BasicEchoOptions {
  readonly kind: 'http' | 'grpc' | 'tcp';
  /** Cleartext, for `grpc` and `tcp` as well. */
  readonly port: number;
  /** For HTTP/2 with prior knowledge; `http` only. */
  readonly h2cPort: number;
  readonly tlsPort: number;
  /** Undefined: no TLS. */
  readonly certificate: CertificateFiles | undefined;
  readonly pod: PodContext;
  readonly write: (line: string) => void;
}

/** Who answers; repeated in each answer. */
export interface PodContext {
  readonly namespace: string;
  readonly ingress: string;
  readonly service: string;
  readonly pod: string;
}
