import canonicalize from 'canonicalize';

/** Serializes a value by RFC 8785. The cast corrects the package's types, which wrongly describe an ES module. */
export const canonicalJson = canonicalize as unknown as (value: unknown) => string | undefined;
