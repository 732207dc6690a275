import fc from 'fast-check';

/** Every fact one to five times, in any order, cut into batches anyhow. */
export function deliveries<Told>(history: readonly Told[]): fc.Arbitrary<readonly (readonly Told[])[]> {
  return fc
    .tuple(
      ...history.map((fact) =>
        fc.integer({ min: 1, max: 5 }).map((times) => Array.from({ length: times }, () => fact)),
      ),
    )
    .chain((repeated) => {
      const all = repeated.flat();
      return fc.tuple(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.boolean(), { minLength: all.length, maxLength: all.length }),
      );
    })
    .map(([order, cuts]) => {
      const batches: Told[][] = [[]];
      order.forEach((fact, index) => {
        if (cuts[index] === true) batches.push([]);
        batches.at(-1)?.push(fact);
      });
      return batches.filter((batch) => batch.length > 0);
    });
}
