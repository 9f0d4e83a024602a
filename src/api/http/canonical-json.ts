import canonicalize from 'canonicalize';

/** RFC 8785. The package's types describe an ES module that it is not. */
export const canonicalJson = canonicalize as unknown as (value: unknown) => string | undefined;
