import { createSecureContext } from 'node:tls';
import { ChannelCredentials, Client, Metadata } from '@grpc/grpc-js';
import { WireError } from '../errors.ts';
import { GuardedCredentials } from './channel-credentials.ts';
import type { RootCertificates } from './root-certificates.ts';

/** How the controller is reached, and what it is told of who calls. */
export interface ChannelOptions {
  /** `host:port` of the controller; IPv6 in brackets. */
  readonly address: string;
  readonly roots: RootCertificates;
  /** The name that the controller's certificate must have; default the host of `address`. */
  readonly serverName?: string | undefined;
  /** Read anew for each call, because tokens are short-lived. */
  token(): Promise<string>;
  /** Sent as the metadata `clusterid`. */
  readonly clusterId: string;
  /** Further metadata, as of `XDS_HEADER_*`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default 5,000. */
  readonly connectTimeoutMs?: number;
}

/** A gRPC channel of its own connection, with the root certificates as they are now. Rejects with WireError. */
export async function openChannel(options: ChannelOptions): Promise<Client> {
  const ca = await options.roots.read();
  const { serverName } = options;
  return new Client(options.address, credentials(ca, options.connectTimeoutMs ?? 5000), {
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2000,
    // Each channel has its own connection, so that closing it closes that.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.enable_channelz': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc-node.flow_control_window': CONNECTION_WINDOW_BYTES,
    ...(serverName === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName }),
  });
}

/** Rejects with WireError ERR_WIRE_CREDENTIALS. */
export async function callMetadata(options: ChannelOptions): Promise<Metadata> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.headers ?? {})) metadata.set(name, value);
  const token = (await options.token()).trim();
  try {
    if (token === '') throw new Error('it is empty');
    metadata.set('authorization', `Bearer ${token}`);
    metadata.set('clusterid', options.clusterId);
  } catch (cause) {
    const message = 'the token is not one that fits a header';
    throw new WireError({ code: 'ERR_WIRE_CREDENTIALS', blame: 'local', message, cause });
  }
  return metadata;
}

function credentials(ca: string, handshakeTimeoutMs: number): ChannelCredentials {
  try {
    const context = createSecureContext({ ca, minVersion: 'TLSv1.2' });
    return new GuardedCredentials(ChannelCredentials.createFromSecureContext(context), handshakeTimeoutMs);
  } catch (cause) {
    const message = 'the root certificates cannot be used';
    throw new WireError({ code: 'ERR_WIRE_CREDENTIALS', blame: 'local', message, cause });
  }
}

/** What a stock istiod may send as one first response. */
const MAX_MESSAGE_BYTES = 200 * 1024 * 1024;
/** Lets a first response of tens of megabytes come in few round trips. */
const CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024;
