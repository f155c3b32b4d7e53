/** What all of them answer, when all have ended: whatever fails, none goes on behind the failure. */
export async function allAnswers<Answer>(asked: readonly Promise<Answer>[]): Promise<readonly Answer[]> {
  await Promise.allSettled(asked);
  return Promise.all(asked);
}
