import { startDnsServer, type Zone } from '../dns/index.ts';
import { runProbe } from './probe.ts';
import type { AgentReply, AgentRequest } from './protocol.ts';

/** The two ends of the IPC channel to the supervisor, as `process` has them. */
export interface AgentChannel {
  send(reply: AgentReply): void;
  onRequest(listener: (request: AgentRequest) => void): void;
}

/**
 * What must run inside a node's network namespace: its pods' DNS server, and their probes, which have to come from the
 * node. Resolves once it serves.
 */
export async function runNodeAgent(channel: AgentChannel, dnsAddress: string): Promise<void> {
  let zone: Zone = new Map();
  channel.onRequest((request) => {
    switch (request.type) {
      case 'zone':
        zone = new Map(request.entries);
        return;
      case 'probe':
        runProbe(request.probe).then(({ ok, message }) =>
          channel.send({ type: 'probe', id: request.id, ok, message }),
        );
        return;
    }
  });
  await startDnsServer({ address: dnsAddress, port: 53, zone: () => zone });
  channel.send({ type: 'ready' });
}
