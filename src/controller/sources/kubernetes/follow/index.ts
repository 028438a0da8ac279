export { type CollectionFollower, followCollection } from './collection-follower.ts';
export { followDefinitions } from './definition-follower.ts';
export { FOLLOW_DEFAULTS, type FollowSettings } from './settings.ts';
