/** The shape of a file of messages: key → [English, simplified Chinese]. */
export type Messages = Readonly<Record<string, readonly [string, string]>>;
