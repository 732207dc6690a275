/** What every program of a house does: ends when asked, and when whoever started it is gone. */
export function endWithParent(name: string, folder: string, write: (file: string, text: string) => void): void {
  const end = (why: string): void => {
    write(`${folder}/order.log`, `${name} ${why}\n`);
    process.exit(0);
  };
  process.on('SIGTERM', () => end('asked'));
  process.stdin.on('end', () => end('orphaned'));
  process.stdin.resume();
}
