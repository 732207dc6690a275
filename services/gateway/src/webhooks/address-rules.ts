import { BlockList, isIP } from 'node:net';
import { isAllowed } from '../api-keys/ip-list.ts';

/** Not reachable from the public internet, or not meant for hosts (IANA IPv4 special-purpose registry). */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Of global unicast what is no host's own address: protocol assignments with Teredo, 6to4, documentation. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
/** Everything else, loopback, link-local, unique local, multicast and translated addresses among it, is not global. */
const GLOBAL_IPV6 = ['2000::/3'];
const MAPPED_IPV4 = ['::ffff:0:0/96'];

const specialIpv4 = listOf(SPECIAL_IPV4, 'ipv4');
const specialIpv6 = listOf(SPECIAL_IPV6, 'ipv6');
const globalIpv6 = listOf(GLOBAL_IPV6, 'ipv6');
const mappedIpv4 = listOf(MAPPED_IPV4, 'ipv6');

/** Whether an address belongs to the public internet. An IPv4 address in IPv6 clothes is judged as what it is. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !specialIpv4.check(address, 'ipv4');
    case 6:
      if (mappedIpv4.check(address, 'ipv6')) return !specialIpv4.check(unmapped(address), 'ipv4');
      return globalIpv6.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6');
    default:
      return false;
  }
}

/**
 * Whether a webhook may go to an address: public ones take HTTPS, networks that the operator opened take HTTP too. Closed
 * addresses would let a tenant reach what stands beside us.
 */
export function mayReach(address: string, isSecure: boolean, allowedNetworks: readonly string[]): boolean {
  if (
    isAllowed(isIP(address) === 6 && mappedIpv4.check(address, 'ipv6') ? unmapped(address) : address, allowedNetworks)
  )
    return true;
  return isSecure && isPublicAddress(address);
}

/** `::ffff:7f00:1` and `::ffff:127.0.0.1` as `127.0.0.1`. URL writes an IPv6 address in its one short form. */
function unmapped(address: string): string {
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [high = '0', low = '0'] = canonical.split(':').slice(-2);
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}

function listOf(blocks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/');
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
