export { openSharedCertificate, type SharedCertificateOptions } from './certificate/index.ts';
export { createWebhook } from './create-webhook.ts';
export { resolveWebhookConfig, type WebhookConfig, type WebhookOptions } from './webhook-config.ts';
