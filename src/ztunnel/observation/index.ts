export { decisionListeners } from './decision-listeners.ts';
export { createNodeDashboard } from './node-dashboard.ts';
export { createNodeFacts } from './node-facts.ts';
export { observeNode } from './observe-node.ts';
