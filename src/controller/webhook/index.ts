export {
  openSharedCertificate,
  type ServingCertificate,
  type SharedCertificateOptions,
} from './certificate/index.ts';
export { createWebhook, type Webhook } from './create-webhook.ts';
export { resolveWebhookConfig, type WebhookConfig, type WebhookOptions } from './webhook-config.ts';
