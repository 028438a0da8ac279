export { decisionListeners } from './decision-listeners.ts';
export { createNodeDashboard, type NodeDashboard } from './node-dashboard.ts';
export { createNodeFacts } from './node-facts.ts';
export { type NodeObservation, observeNode } from './observe-node.ts';
