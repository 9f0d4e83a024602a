import { peopleOn, type PersonKey } from '../kit/rooms.ts';

/** The people of the simulated account. */
export const people = peopleOn('zoom');

export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

const keys = Object.keys(people) as PersonKey[];
/** Returns a user id in Zoom's form, such as `KDcuGIm1QgePTO8WbOqwIQ`. */
export const idOf = (key: string): string => `${key[0]?.toUpperCase()}${key.slice(1)}`.padEnd(22, 'zUser0');

/** The people, and the users of two installations of Carillon. */
const users: readonly User[] = [
  ...keys.map((key) => ({ id: idOf(key), ...people[key] })),
  { id: idOf('carillon'), email: 'carillon@example.com', name: 'Carillon' },
  { id: idOf('other'), email: 'other@example.com', name: 'Other Carillon' },
];

/** Finds a user by id, e-mail address or member id. */
export function userOf(named: string): User | undefined {
  return users.find((one) => one.id === named || one.email === named.toLowerCase() || memberId(one) === named);
}
export const memberId = ({ id }: User): string => `member_${id}`;
export const keyOf = (id: string): PersonKey | undefined => keys.find((key) => idOf(key) === id);
