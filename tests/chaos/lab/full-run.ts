/** Whether this is a short run, as CI makes it: `CHAOS_ROUNDS` is set. */
export const IS_SHORT_RUN = process.env.CHAOS_ROUNDS !== undefined

/** Every value of a full run; of a short one every so many, so that over the runs of a wire different ones are met. */
export function sampled<Value>(values: readonly Value[], every: number): readonly Value[] {
  return IS_SHORT_RUN ? values.filter((_value, index) => index % every === 0) : values
}

/** Does all of these, so many at a time. */
export async function allOf<Value>(values: readonly Value[], atOnce: number, act: (value: Value) => Promise<void>): Promise<void> {
  const queue = values.values()
  const work = async () => {
    for (const value of queue) await act(value)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}
