/**
 * Reads an RFC 3339 time.
 * @returns undefined when the year is not between 1970 and 9999, or the time is a leap second. RFC 3339 allows the year
 * 0 and leap seconds, but PostgreSQL has no year 0, and JavaScript has no leap seconds.
 */
export function readInstant(text: string): Date | undefined {
  const instant = new Date(text);
  const year = instant.getUTCFullYear();
  return year >= 1970 && year <= 9999 ? instant : undefined;
}

export const instantRange = 'must be a time between the years 1970 and 9999';
