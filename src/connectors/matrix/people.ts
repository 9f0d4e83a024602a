import type { People } from '../contract/connector.ts';
import { textAt } from '../http/json-path.ts';
import { find, path } from './api.ts';

/**
 * Looks up profiles (client-server API, "Profiles"). People cannot be found by e-mail address, because that needs an
 * identity server. Pictures are left out, because a homeserver gives them only to its users.
 */
export const people: People = {
  async byId(id, connection, context) {
    const profile = await find({ method: 'GET', path: path`/v3/profile/${id}` }, connection, context);
    if (profile === undefined) return undefined;
    return { id, name: textAt(profile, 'displayname') ?? id.slice(1).split(':', 1)[0] ?? id };
  },
};
