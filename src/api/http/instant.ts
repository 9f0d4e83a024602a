/**
 * A moment written as RFC 3339. Undefined where it is none that everybody can store: PostgreSQL knows no year 0, and
 * JavaScript no leap second, though the format allows both.
 */
export function readInstant(text: string): Date | undefined {
  const instant = new Date(text);
  const year = instant.getUTCFullYear();
  return year >= 1970 && year <= 9999 ? instant : undefined;
}

export const instantRange = 'must be a time between the years 1970 and 9999';
