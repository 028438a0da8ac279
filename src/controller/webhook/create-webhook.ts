import { type Clock, type ClosableStack, describeError, type Logger, type Timer } from '../../base/index.ts';
import type { MetricsRegistry } from '../../telemetry/index.ts';
import type { SelectedSource } from '../sources/index.ts';
import type { MeshSettings } from '../translate/index.ts';
import { openCertificateFolder, type ServingCertificate } from './certificate/index.ts';
import { createNeighbours } from './context/index.ts';
import { createReviewer } from './review/index.ts';
import { startWebhookServer, type WebhookServer } from './serve/index.ts';
import type { WebhookConfig } from './webhook-config.ts';
import { registerWebhookMetrics } from './webhook-metrics.ts';

/** The webhook of a controller, if it is to have one. */
export interface Webhook {
  /**
   * Serves, once the source has brought all that there is: before, much would seem to be missing. Undefined: nobody wants it, or
   * it cannot be served now, which is tried again: proxies must not be without a controller for want of a webhook.
   */
  listen(): Promise<{ readonly host: string; readonly port: number } | undefined>;
}

/** Keeps what objects are judged by up to date from the source, which is not to have begun yet. */
export function createWebhook(
  config: WebhookConfig | undefined,
  parts: {
    readonly settings: MeshSettings;
    readonly source: Pick<SelectedSource, 'events' | 'isSelected'>;
    /** Asked for where the configuration names no folder. */
    readonly certificate: () => Promise<ServingCertificate>;
    readonly registry: MetricsRegistry;
    readonly clock: Clock;
    readonly log: Logger;
  },
  owned: ClosableStack,
): Webhook {
  if (config === undefined) return { listen: async () => undefined };
  const { settings, source, clock, log } = parts;
  const { listen, certificateDirectory: directory, failClosed, timeoutMs } = config;
  const neighbours = createNeighbours(settings.rootNamespace);
  const stop = source.events.subscribe((events) => neighbours.apply(events));
  owned.own({ close: async () => stop(), destroy: stop });
  let retry: Timer | undefined;
  let said = '';
  let closed = false;
  const end = (): void => {
    closed = true;
    retry?.cancel();
  };
  owned.own({ close: async () => end(), destroy: end });
  const reviewer = owned.own(
    createReviewer({
      neighbours,
      isSelected: (namespace) => source.isSelected(namespace),
      // What is not known may come with the next object of the same change.
      settings: { ...settings, complete: false },
      clock,
      log,
    }),
  );
  const serve = async (): Promise<WebhookServer> => {
    const certificate =
      directory === undefined
        ? await parts.certificate()
        : await openCertificateFolder({ directory, clock, log });
    try {
      const server = await startWebhookServer({
        ...{ listen, failClosed, timeoutMs, reviewer, clock, log },
        certificate: certificate.current,
      });
      if (closed) {
        // Whatever is owned now nobody would close any more.
        server.destroy();
        certificate.destroy();
        return server;
      }
      certificate.onRenewed((renewed) => server.setCertificate(renewed));
      owned.own(certificate);
      owned.own(server);
      registerWebhookMetrics(parts.registry, { server, neighbours });
      return server;
    } catch (error) {
      certificate.destroy();
      throw error;
    }
  };
  const attempt = async (): Promise<WebhookServer['address'] | undefined> => {
    try {
      const { address } = await serve();
      log.info('webhook is served', { ...address });
      return address;
    } catch (error) {
      if (closed) return undefined;
      // It is tried every ten seconds; what keeps it away is told once.
      if (describeError(error) !== said) log.error('webhook is not served', { error, retryInMs: RETRY_MS });
      said = describeError(error);
      retry = clock.after(RETRY_MS, () => void attempt());
      return undefined;
    }
  };
  return { listen: attempt };
}

const RETRY_MS = 10_000;
