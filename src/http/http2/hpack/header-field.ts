/** A header field as HPACK carries it: name in lower case, value. */
export type HeaderField = readonly [name: string, value: string];
