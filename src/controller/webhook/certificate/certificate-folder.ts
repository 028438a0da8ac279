import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { type Clock, describeError, type Logger, type Timer } from '../../../base/index.ts';
import { ControllerError } from '../../errors.ts';
import type { WebhookKeyPair } from '../serve/index.ts';
import type { ServingCertificate } from './serving-certificate.ts';

/**
 * The certificate `tls.crt` with its key `tls.key` in a folder, as cert-manager and mounted Secrets have them; looked at every
 * ten seconds. A new one that cannot be used leaves the former in force. Rejects with ControllerError ERR_CONTROLLER_WEBHOOK.
 */
export async function openCertificateFolder(options: {
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<ServingCertificate> {
  const { directory, clock, log } = options;
  let current = await readKeyPair(directory);
  let use: ((certificate: WebhookKeyPair) => void) | undefined;
  let timer: Timer | undefined;
  let closed = false;

  const look = async (): Promise<void> => {
    try {
      const read = await readKeyPair(directory);
      if (closed) return;
      const isNew =
        read.certificatePem !== current.certificatePem || read.privateKeyPem !== current.privateKeyPem;
      if (isNew) {
        current = read;
        use?.(read);
        log.info('webhook certificate read again', { directory });
      }
    } catch (error) {
      log.error('webhook certificate cannot be read again', { error: describeError(error) });
    }
    plan();
  };
  const plan = (): void => {
    if (!closed) timer = clock.after(EVERY_MS, () => void look());
  };
  const stop = (): void => {
    closed = true;
    timer?.cancel();
  };
  plan();
  return {
    get current() {
      return current;
    },
    onRenewed(next) {
      use = next;
    },
    close: async () => stop(),
    destroy: stop,
  };
}

async function readKeyPair(directory: string): Promise<WebhookKeyPair> {
  try {
    const [certificatePem, privateKeyPem] = await Promise.all([
      readFile(join(directory, 'tls.crt'), 'utf8'),
      readFile(join(directory, 'tls.key'), 'utf8'),
    ]);
    // Throws where they are none, or do not belong together as in the middle of a change.
    createSecureContext({ cert: certificatePem, key: privateKeyPem });
    return { certificatePem, privateKeyPem };
  } catch (cause) {
    throw new ControllerError({
      code: 'ERR_CONTROLLER_WEBHOOK',
      blame: 'local',
      message: `expected tls.crt and tls.key of a certificate in ${directory}, got none that can be used`,
      hint: 'give --webhook-cert-dir a folder with both, PEM, the certificate followed by its intermediates',
      cause,
    });
  }
}

const EVERY_MS = 10_000;
