export { type AgentChannel, runNodeAgent } from './agent.ts';
export { type NodeAgent, startNodeAgent } from './agent-process.ts';
export type { ProbeOutcome } from './probe.ts';
export type { AgentProbe, AgentReply, AgentRequest } from './protocol.ts';
