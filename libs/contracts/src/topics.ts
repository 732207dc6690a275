/** Facts of all providers, keyed by subject. */
export const EVENTS_TOPIC = 'events';

/** Commands for one provider, keyed by lane. */
export function commandsTopic(provider: string): string {
  return `commands.${provider}`;
}
