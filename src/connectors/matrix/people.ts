import type { People } from '../contract/connector.ts';
import { textAt } from '../http/json-path.ts';
import { find, path } from './api.ts';

/**
 * Profiles (client-server API, "Profiles"). Nobody is found by address: that takes an identity server. Pictures are left
 * out: they are given to users of a homeserver only.
 */
export const people: People = {
  async byId(id, connection, context) {
    const profile = await find({ method: 'GET', path: path`/v3/profile/${id}` }, connection, context);
    if (profile === undefined) return undefined;
    return { id, name: textAt(profile, 'displayname') ?? id.slice(1).split(':', 1)[0] ?? id };
  },
};
