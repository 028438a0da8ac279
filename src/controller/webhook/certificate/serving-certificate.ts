import type { Closable } from '../../../base/index.ts';
import type { WebhookKeyPair } from '../serve/index.ts';

/** What the webhook shows the API server, as it is now. */
export interface ServingCertificate extends Closable {
  readonly current: WebhookKeyPair;
  /** Set by whoever serves with it. */
  onRenewed(use: (certificate: WebhookKeyPair) => void): void;
}
