/** Who owns a key, and who would if that one were not there: indexes into the peers that the table was made of. */
export interface PeerTable {
  /** The owner first. May repeat itself, and may end before all were named. */
  ownersOf(hash: number): Iterable<number>;
}
