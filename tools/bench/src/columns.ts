/** Lines of text in columns: the first one to the left, the others to the right. */
export function columns(rows: readonly (readonly string[])[], indent = '  '): string[] {
  const widths = rows.reduce<number[]>((widest, row) => {
    row.forEach((cell, index) => (widest[index] = Math.max(widest[index] ?? 0, cell.length)));
    return widest;
  }, []);
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
    );
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}

/** `-` stands for what was not measured. */
export const number = (value: number | null | undefined, digits = 2): string =>
  value === null || value === undefined ? '-' : value.toFixed(digits);
