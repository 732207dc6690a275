/** `--name=value` or `--name`. */
export function splitOption(text: string): [name: string, value: string | undefined] {
  const at = text.startsWith('--') ? text.indexOf('=') : -1;
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
