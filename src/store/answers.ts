/**
 * Answers of a pipeline or a transaction, each for itself. One that is refused is thrown as Redis said it: a schema would
 * find fault with it instead, and nobody would know that Redis cannot be used at present.
 */
type Executed = readonly (readonly [error: Error | null, answer?: unknown])[] | null;

export async function answersOf(executing: Promise<Executed>): Promise<readonly unknown[]> {
  const executed = await executing;
  if (executed === null) throw new Error("the transaction was not carried out");
  return executed.map(([error, answer]) => {
    if (error !== null) throw error;
    return answer;
  });
}
