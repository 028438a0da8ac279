/** How a collection is followed. */
export interface FollowSettings {
  /** Objects per page of a list. Default 500. */
  readonly pageSize: number;
  /** A list with more objects is taken for one without an end. Default 2,000,000. */
  readonly mostObjects: number;
  /** The API server is asked to end a watch after this long, or up to twice as long. Default 300. */
  readonly watchSeconds: number;
  /** A watch that outlives this by so much is taken for dead. Default 15,000. */
  readonly watchGraceMs: number;
  /** A watch on which nothing came for so long, not even a bookmark, is opened again. Default 150,000. */
  readonly silenceMs: number;
  /** Between attempts, at first and at most. Default 500 and 30,000. */
  readonly retryMs: { readonly initial: number; readonly maximum: number };
  /** Between attempts at what RBAC does not allow. Default 30,000. */
  readonly forbiddenRetryMs: number;
  /** How often a list that is older than what is known is asked for again before it is believed. Default 3. */
  readonly staleLists: number;
}

export const FOLLOW_DEFAULTS: FollowSettings = {
  pageSize: 500,
  mostObjects: 2_000_000,
  watchSeconds: 300,
  watchGraceMs: 15_000,
  silenceMs: 150_000,
  retryMs: { initial: 500, maximum: 30_000 },
  forbiddenRetryMs: 30_000,
  staleLists: 3,
};
