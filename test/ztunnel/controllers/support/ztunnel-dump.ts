import { X509Certificate } from 'node:crypto';

/** What matters here of a ztunnel's `/config_dump`. */
export interface ZtunnelDump {
  readonly workloads: readonly string[];
  readonly policies: readonly string[];
  readonly certificates: readonly UsedCertificate[];
}

export interface UsedCertificate {
  readonly identity: string;
  /** The leaf first. */
  readonly chain: readonly X509Certificate[];
  readonly roots: readonly X509Certificate[];
}

export async function readDump(adminPort: number): Promise<ZtunnelDump> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/config_dump`);
  const { workloads, policies, certificates } = (await answer.json()) as {
    readonly workloads: Readonly<Record<string, { readonly name: string }>>;
    readonly policies: readonly { readonly name: string }[];
    readonly certificates: readonly {
      readonly identity: string;
      readonly certChain: readonly { readonly pem: string }[];
      readonly rootCerts: readonly { readonly pem: string }[];
    }[];
  };
  return {
    workloads: Object.values(workloads).map(({ name }) => name),
    policies: policies.map(({ name }) => name),
    certificates: certificates.map(({ identity, certChain, rootCerts }) => ({
      identity,
      chain: certChain.map(read),
      roots: rootCerts.map(read),
    })),
  };
}

function read({ pem }: { readonly pem: string }): X509Certificate {
  return new X509Certificate(Buffer.from(pem, 'base64'));
}
