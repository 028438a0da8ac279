export { startWebhookServer, type WebhookKeyPair, type WebhookServer } from './webhook-server.ts';
