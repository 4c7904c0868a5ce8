/** `suffix` makes it the only one of its millisecond. */
export function transactionIdOf(startedAtMs: number, suffix: string): string {
  return `${startedAtMs.toString(36)}-${suffix}`;
}

/** When the transaction began, by its id, so that it is found without looking through all; undefined where it is no such id. */
export function startOfTransaction(id: string): number | undefined {
  const written = /^([0-9a-z]{8,9})-/.exec(id)?.[1];
  return written === undefined ? undefined : Number.parseInt(written, 36);
}
