export { createAgentPods } from './agent-pods.ts';
