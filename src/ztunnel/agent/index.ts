export { type AgentPodsOptions, createAgentPods } from './agent-pods.ts';
