/** The admission webhook of a controller. */
export interface WebhookConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** Folder with `tls.crt` and `tls.key`. Undefined: a certificate of the mesh's own authority, or what is given beside. */
  readonly certificateDirectory: string | undefined;
  /** The longest that a review takes, in milliseconds. */
  readonly timeoutMs: number;
  /** What could not be judged is an error, for the API server's failurePolicy to decide; else it is let through. */
  readonly failClosed: boolean;
}

/** What a caller may say of it. */
export interface WebhookOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly certificateDirectory?: string | undefined;
  /** Default 8,000: the API server waits for ten seconds where its configuration says nothing else. */
  readonly timeoutMs?: number | undefined;
  /** Default false. */
  readonly failClosed?: boolean | undefined;
}

/** Fills in the defaults. */
export function resolveWebhookConfig(options: WebhookOptions | undefined): WebhookConfig | undefined {
  if (options === undefined) return undefined;
  const { listen, certificateDirectory, timeoutMs = 8_000, failClosed = false } = options;
  return { listen, certificateDirectory, timeoutMs, failClosed };
}
