import { type Command, Option } from 'commander';
import type { ControllerOptions } from '../../controller/index.ts';
import { durationMs } from '../option-values.ts';

/** Flags of the admission webhook. */
export interface WebhookFlags {
  readonly webhookListen?: { readonly host: string; readonly port: number } | 'none';
  readonly kubernetes?: boolean;
  readonly webhookCertDir?: string;
  readonly webhookTimeout: number;
  readonly webhookFailClosed?: boolean;
}

/** Adds them to `nodemesh controller`. */
export function addWebhookOptions(
  command: Command,
  hostPort: (text: string) => { readonly host: string; readonly port: number },
): void {
  command
    .option(
      '--webhook-listen <host:port>',
      'admission webhook, HTTPS, or none (default: [::]:15017 with --kubernetes, else none)',
      (text) => (text === 'none' ? text : hostPort(text)),
    )
    .option(
      '--webhook-cert-dir <directory>',
      "tls.crt and tls.key for it (default: a certificate of the mesh's own authority)",
    )
    .addOption(
      new Option('--webhook-timeout <duration>', 'longest that a review takes')
        .argParser(durationMs)
        .default(durationMs('8s'), '8s'),
    )
    .option(
      '--webhook-fail-closed',
      "what could not be judged is an error, for the webhook's failurePolicy to decide",
    );
}

/** Undefined: there is to be none. */
export function webhookOf(flags: WebhookFlags): ControllerOptions['webhook'] {
  const { webhookListen: listen = flags.kubernetes === true ? { host: '::', port: 15017 } : 'none' } = flags;
  if (listen === 'none') return undefined;
  return {
    listen,
    certificateDirectory: flags.webhookCertDir,
    timeoutMs: flags.webhookTimeout,
    failClosed: flags.webhookFailClosed,
  };
}
