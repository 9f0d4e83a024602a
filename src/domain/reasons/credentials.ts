import { group } from './entry.ts';

/** Refusals to issue an access token (RFC 6749, section 5.2), and of tokens that were issued. */
export const credentialReasons = group(
  {
    kind: 'failure',
    affects: 'connection',
    connectors: ['msteams', 'google-chat', 'zoom'],
    action: 'Set new credentials in the connection, and resume it. Then retry what is parked.',
  },
  {
    invalid_client: {
      meaning: 'The platform does not know the app, or refuses its secret.',
      cause: 'The id or the secret of the app is wrong, or the secret has expired.',
    },
    invalid_grant: {
      meaning: 'The platform does not accept what a token is asked for with.',
      cause: 'The key of the service account was revoked, or the clock of the worker is wrong.',
    },
    unauthorized_client: {
      meaning: 'The app may not ask for a token in this way.',
      cause: 'The app, or the delegation to the service account, is not set up for it.',
      action: 'Correct the app at the platform, and resume the connection. Then retry what is parked.',
    },
    invalid_scope: {
      meaning: 'The app may not have a permission that Carillon asks for.',
      cause: 'A permission was not granted to the app, or was taken away.',
      action: 'Grant the permissions that the page of the connector lists, and resume the connection.',
    },
    access_denied: {
      connectors: ['msteams', 'google-chat', 'zoom', 'slack'],
      meaning: 'The platform denies access to the app.',
      cause: 'An administrator of the platform blocked the app.',
      action: 'Have the app allowed, and resume the connection. Then retry what is parked.',
    },
    token_refused: {
      meaning: 'The platform issues no access token, and names no reason of the standard.',
      cause: 'The credentials of the connection are wrong, or the URL for tokens is.',
    },
    invalid_private_key: {
      connectors: ['google-chat'],
      meaning: 'The private key of the service account cannot be read, or is not an RSA key.',
      cause: 'The key was copied without its first or last line.',
    },
    token_not_accepted: {
      connectors: ['zoom'],
      meaning: 'Zoom refuses a token that it issued a moment ago.',
      cause: 'Zoom has trouble, or the app was deactivated just now.',
      action: 'Carillon tries again. If it goes on, look at the app in the Zoom Marketplace.',
    },
  },
);
