import { createEgress } from '../../../src/connectors/http/egress.ts';

describe('egress', () => {
  const egress = createEgress([]);

  it.each(['1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700:4700::1111', '::ffff:1.1.1.1', '64:ff9b::101:101'])(
    'deliveries may reach the public address %s',
    (address) => {
      expect(egress.allows(address)).toBe(true);
    },
  );

  it.each([
    ['this host', '0.0.0.0'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.8.9.1'],
    ['private', '10.1.2.3'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['metadata, link-local', '169.254.169.254'],
    ['metadata of Alibaba, carrier-grade NAT', '100.100.100.200'],
    ['metadata of Oracle', '192.0.0.192'],
    ['host services of Azure', '168.63.129.16'],
    ['benchmarks', '198.18.0.1'],
    ['documentation', '203.0.113.7'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
    ['IPv4-mapped metadata', '::ffff:a9fe:a9fe'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['unique local, metadata of AWS', 'fd00:ec2::254'],
    ['multicast', 'ff02::1'],
    ['NAT64 of a private address', '64:ff9b::a01:203'],
    ['NAT64 for local use', '64:ff9b:1::1'],
    ['6to4', '2002:7f00:1::1'],
    ['Teredo', '2001:0:1::1'],
    ['documentation', '2001:db8::1'],
    ['unassigned', '4000::1'],
    ['no address', 'localhost'],
    ['nothing', ''],
  ])('deliveries may not reach the address of kind "%s": %s', (_, address) => {
    expect(egress.allows(address)).toBe(false);
  });

  it('deliveries may reach the addresses in the allow-list, and no neighbours of them', () => {
    const allowing = createEgress(['10.1.0.0/16', '127.0.0.1', 'fd12::/16', '::1']);
    for (const address of ['10.1.2.3', '127.0.0.1', '::ffff:10.1.2.3', 'fd12::9', '::1'])
      expect(allowing.allows(address)).toBe(true);
    for (const address of ['10.2.0.1', '127.0.0.2', 'fd13::1', '169.254.169.254'])
      expect(allowing.allows(address)).toBe(false);
  });

  it.each(['10.0.0.0/33', 'localhost', '10.0.0', '10.0.0.0/8,127.0.0.1'])(
    '%s in the allow-list is refused, because it is not a CIDR',
    (cidr) => {
      expect(() => createEgress([cidr])).toThrow(`"${cidr}" is not a CIDR`);
    },
  );
});
