import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority } from '../../../../src/identity/index.ts';
import type { ManifestObject } from '../../../../src/lab/cluster/index.ts';
import { listOf, objectOf, textOf } from '../data/index.ts';

/** The TLS Secrets that pods mount and the suite makes while it runs: they are not among the manifests. */
export async function missingSecrets(objects: readonly ManifestObject[]): Promise<readonly ManifestObject[]> {
  const known = new Set(
    objects.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => keyOf(metadata)),
  );
  const missing = new Map<string, { readonly namespace: string; readonly name: string }>();
  for (const { kind, metadata, spec } of objects as readonly (ManifestObject & {
    readonly spec?: unknown;
  })[]) {
    if (kind !== 'Deployment') continue;
    const { volumes } = objectOf(objectOf(objectOf(spec).template).spec);
    for (const volume of listOf(volumes)) {
      const name = textOf(objectOf(objectOf(volume).secret).secretName);
      const secret = { namespace: metadata.namespace ?? 'default', name: name ?? '' };
      if (name !== undefined && !known.has(keyOf(secret))) missing.set(keyOf(secret), secret);
    }
  }
  if (missing.size === 0) return [];
  const pair = await makeCertificate();
  return [...missing.values()].map((metadata) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: 'kubernetes.io/tls',
    data: {
      'tls.crt': Buffer.from(pair.certificatePem).toString('base64'),
      'tls.key': Buffer.from(pair.privateKeyPem).toString('base64'),
    },
  }));
}

/** Of an authority that nobody knows: clients of the suite do not look. */
async function makeCertificate(): Promise<{
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-authority-'));
  try {
    const authority = await openAuthority({ directory, trustDomain: 'conformance.invalid' });
    const made = await authority.serverCertificate({ dnsNames: ['abc.example.com'], ipAddresses: [] });
    await authority.close();
    return made;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function keyOf({
  namespace = 'default',
  name,
}: {
  readonly namespace?: string;
  readonly name: string;
}): string {
  return `${namespace}/${name}`;
}
