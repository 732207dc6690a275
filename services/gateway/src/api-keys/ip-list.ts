import { BlockList, isIP } from 'node:net';

/** Whether an address is one of these, each an address or a CIDR block. */
export function isAllowed(ip: string, allowed: readonly string[]): boolean {
  // A dual-stack socket shows IPv4 callers as ::ffff:1.2.3.4.
  const address = ip.startsWith('::ffff:') && isIP(ip.slice(7)) === 4 ? ip.slice(7) : ip;
  const list = new BlockList();
  for (const entry of allowed) addTo(list, entry);
  return isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function addTo(list: BlockList, entry: string): void {
  const [address = '', prefix] = entry.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (prefix === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(prefix), family);
}

/** Whether a text is an address or a CIDR block, as `isAllowed` takes it. */
export function isAddressOrBlock(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 6 ? 128 : 32));
}
