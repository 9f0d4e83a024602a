import type { Connector } from './connector.ts';
import { matrix } from './matrix/index.ts';
import { slack } from './slack/index.ts';
import { webhook } from './webhook/index.ts';

/** Every platform that Carillon can deliver to, in the order of the docs. A new one is a folder and a line here. */
export const connectors: readonly Connector[] = [webhook, slack, matrix];

/** The connector of a connection; undefined where there is none of that name. */
export function findConnector(name: string): Connector | undefined {
  return connectors.find((connector) => connector.name === name);
}
