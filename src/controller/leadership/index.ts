export { createLeaderElection, type LeaderElection } from './leader-election.ts';
export { type Leadership, soleLeader } from './leadership.ts';
