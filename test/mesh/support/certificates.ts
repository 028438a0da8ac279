import { X509Certificate } from 'node:crypto';
import type { LabUnderTest } from './lab-under-test.ts';

interface ListedCertificate {
  readonly pem: string;
}

/** What a proxy uses for one identity. */
export interface UsedCertificate {
  readonly identity: string;
  readonly leaf: X509Certificate;
  /** What it trusts. */
  readonly roots: readonly X509Certificate[];
}

/** Of all proxies, as `nodemesh certificates -o json` lists them. */
export async function usedCertificates(lab: LabUnderTest): Promise<readonly UsedCertificate[]> {
  const listed = JSON.parse(await lab.nodemesh('certificates', '-o', 'json')) as readonly {
    readonly identity: string;
    readonly certChain: readonly ListedCertificate[];
    readonly rootCerts: readonly ListedCertificate[];
  }[];
  return listed.flatMap(({ identity, certChain, rootCerts }) => {
    const [leaf] = certChain.map(read);
    return leaf === undefined ? [] : [{ identity, leaf, roots: rootCerts.map(read) }];
  });
}

function read({ pem }: ListedCertificate): X509Certificate {
  return new X509Certificate(Buffer.from(pem, 'base64'));
}
