/** Where a command speaks to a person: a terminal can be rewritten, anything else gets plain lines. */
export interface Output {
  write(text: string): void;
  isTerminal: boolean;
}

export const standardOutput = (): Output => ({
  write: (text) => void process.stdout.write(text),
  isTerminal: process.stdout.isTTY === true,
});
