/** What the wake-ups of all replicas call "the provider has answered about this payment, and nothing has changed". */
export function toldAgain(payment: string): string {
  return `${payment} told again`;
}
