import { group } from './entry.ts';

/** What keeps Carillon from subscribing to the events of a room. */
export const subscriptionReasons = group(
  { kind: 'subscription', affects: 'connection' },
  {
    no_public_url: {
      meaning: 'The platform cannot be told where Carillon is reached.',
      cause: '`CARILLON_PUBLIC_URL` is not set, or hooks of this tenant do not find the id of the connection.',
      action: 'Set `CARILLON_PUBLIC_URL`; in another tenant than the default let Carillon choose the id.',
    },
    no_webhook_secret: {
      connectors: ['webex'],
      meaning: 'The connection has no webhook secret, so its events could be forged.',
      cause: 'The setting `webhookSecrets` is missing.',
      action: 'Set `webhookSecrets` in the connection.',
    },
    no_graph: {
      connectors: ['msteams'],
      meaning: 'The connection lacks what subscriptions of Microsoft Graph need.',
      cause: 'The setting `graphTenant` or `notificationSecrets` is missing.',
      action: 'Set both of them.',
    },
    no_team: {
      connectors: ['msteams'],
      affects: 'message',
      meaning: 'The destination does not name the team of its channel.',
      cause: '`team` is missing in the address.',
      action: 'Add it to the address of the destination.',
    },
    no_workspace_events: {
      connectors: ['google-chat'],
      meaning: 'The connection lacks what Workspace Events need.',
      cause: '`pubsubTopic` is set without `historyUser`, `pushAudience` or `pushServiceAccount`.',
      action: 'Set all four, or none.',
    },
  },
);

/** Why the request of a platform to a hook is refused. */
export const requestReasons = group(
  { kind: 'request', affects: 'connection' },
  {
    missing_signature: {
      meaning: 'The request is not signed.',
      cause: 'It does not come from the platform, or a proxy took a header away.',
      action: 'Check the proxy before Carillon if events of the platform are missing.',
    },
    bad_signature: {
      meaning: 'The signature does not fit the request and the secrets of the connection.',
      cause: 'The secret in the connection is not that of the app, or a proxy changed the body.',
      action: 'Copy the secret of the app into the connection.',
    },
    stale: {
      meaning: 'The signature is too old, or comes from the future.',
      cause: 'The clock of the `api` process is wrong, or an old request is repeated.',
      action: 'Check the clock.',
    },
    bad_request: {
      meaning: 'The request is not made as the platform makes them.',
      cause: 'It does not come from the platform.',
      action: 'Do nothing.',
    },
    keys_unavailable: {
      connectors: ['msteams', 'google-chat'],
      meaning: 'The public keys of the platform could not be fetched, so nothing can be verified.',
      cause: 'The network from the `api` process to the platform is down.',
      action: 'Check the network and `CARILLON_EGRESS_ALLOW`. The platform sends the event again.',
    },
  },
);
