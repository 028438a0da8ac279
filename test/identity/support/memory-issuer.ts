import type { Clock } from '../../../src/base/index.ts';
import { createWorkloadCertificate } from '../../../src/identity/authority/certificate-profiles.ts';
import { checkSigningRequest } from '../../../src/identity/certificates/index.ts';
import type { IssueFunction } from '../../../src/identity/index.ts';
import type { WorkloadIdentity } from '../../../src/model/index.ts';
import { makeRoot, type TestSigner } from './certificates.ts';

/** An authority in memory, whose answers a test decides about. */
export interface MemoryIssuer {
  readonly issue: IssueFunction;
  readonly root: TestSigner;
  /** Whom certificates were asked for, in order. */
  readonly asked: string[];
  readonly running: number;
  readonly mostRunning: number;
  /** Called for each request before it is answered; throws to refuse, waits to delay. */
  gate: (identity: WorkloadIdentity, signal: AbortSignal) => Promise<void>;
  /** Issues for this identity instead of the one asked for. */
  impersonate: WorkloadIdentity | undefined;
}

export async function createMemoryIssuer(clock: Clock): Promise<MemoryIssuer> {
  const root = await makeRoot('CN=memory', {
    notBeforeMs: clock.now() - 3_600_000,
    notAfterMs: clock.now() + 1e10,
  });
  const asked: string[] = [];
  let running = 0;
  let mostRunning = 0;
  const issuer: MemoryIssuer = {
    root,
    asked,
    get running() {
      return running;
    },
    get mostRunning() {
      return mostRunning;
    },
    gate: async () => undefined,
    impersonate: undefined,
    async issue({ csrPem, identity, ttlMs, signal }) {
      asked.push(identity.id);
      running += 1;
      mostRunning = Math.max(mostRunning, running);
      try {
        await issuer.gate(identity, signal);
        const publicKey = await checkSigningRequest(csrPem, identity);
        const pem = await createWorkloadCertificate({
          identity: issuer.impersonate ?? identity,
          publicKey,
          signer: { name: root.name, ...root.keys },
          validity: { notBeforeMs: clock.now() - ttlMs / 2, notAfterMs: clock.now() + ttlMs },
        });
        return { chainPem: [pem, root.pem] };
      } finally {
        running -= 1;
      }
    },
  };
  return issuer;
}
