import type { Connector } from './contract/connector.ts';
import { googleChat } from './google-chat/index.ts';
import { msteams } from './msteams/index.ts';
import { matrix } from './matrix/index.ts';
import { slack } from './slack/index.ts';
import { webex } from './webex/index.ts';
import { webhook } from './webhook/index.ts';
import { zoom } from './zoom/index.ts';

/**
 * Every platform to which Carillon can deliver, in the order of the docs. A new platform is a folder and a line here.
 */
export const connectors: readonly Connector[] = [webhook, slack, msteams, webex, googleChat, zoom, matrix];

/** Finds the connector by the name that a connection stores; undefined if there is none. */
export function findConnector(name: string): Connector | undefined {
  return connectors.find((connector) => connector.name === name);
}
