import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Decides which addresses a delivery may reach. */
export interface Egress {
  /** @param address an IPv4 or IPv6 literal; anything else is refused. */
  allows(address: string): boolean;
}

/** The connection was refused before it was opened. */
export class EgressDenied extends Error {
  override name = 'EgressDenied';
  readonly code = 'EGRESS_DENIED';
}

/**
 * The only range of IPv6 that is the public internet (RFC 4291, section 2.4). ipaddr.js counts unassigned space as
 * unicast, too.
 */
const globalUnicast6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** NAT64 (RFC 6052): the last 32 bits are the IPv4 address that the packet reaches. */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** The metadata and agent service of Azure's hosts. It is in public address space. */
const azureHost = '168.63.129.16';

/**
 * Allows the public internet and denies everything else: private, loopback, link-local (with the clouds' metadata
 * addresses), carrier-grade NAT, unique local, multicast and reserved addresses. An IPv4 address inside an IPv6 address
 * is judged as the IPv4 address.
 * @param allow CIDRs or single addresses that may be reached in addition.
 * @throws Error that names the entry which is not a CIDR.
 */
export function createEgress(allow: readonly string[]): Egress {
  const ranges = allow.map(parseRange);
  return {
    allows(text) {
      if (!ipaddr.isValid(text)) return false;
      const address = effective(ipaddr.parse(text));
      if (ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits)))
        return true;
      if (address.range() !== 'unicast') return false;
      return address instanceof ipaddr.IPv6 ? address.match(globalUnicast6) : address.toString() !== azureHost;
    },
  };
}

function parseRange(cidr: string): [Address, number] {
  // `isIP` is strict, while ipaddr.js also accepts `10.0.0` and octal numbers.
  const family = isIP(cidr.split('/', 1)[0] ?? '');
  const whole = cidr.includes('/') ? cidr : `${cidr}/${family === 6 ? 128 : 32}`;
  if (family === 0 || !ipaddr.isValidCIDR(whole)) throw new Error(`"${cidr}" is not a CIDR such as 10.0.0.0/8`);
  return ipaddr.parseCIDR(whole);
}

function effective(address: Address): Address {
  if (address instanceof ipaddr.IPv4) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  return address.match(nat64) ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address;
}

/**
 * Resolves names to allowed addresses only. The connection goes to exactly the address that was checked, so a name
 * whose answer changes between check and use (DNS rebinding) cannot evade the check.
 */
export function guardedLookup(egress: Egress): LookupFunction {
  return (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const allowed = addresses.filter(({ address }) => egress.allows(address));
      const [first] = allowed;
      if (first === undefined) callback(new EgressDenied('no address of this host may be reached'), '', 0);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/** undici's connector with the egress check. It checks IP literals here, because they never reach a lookup. */
export function guardedConnector(egress: Egress, options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: guardedLookup(egress) });
  return (target, callback) => {
    if (isIP(target.hostname) !== 0 && !egress.allows(target.hostname))
      process.nextTick(callback, new EgressDenied('this address may not be reached'), null);
    else connect(target, callback);
  };
}
