import type { Connector } from '../contract/connector.ts';
import { readDuration, type Field } from '../contract/fields.ts';
import { prepare, send, type PreparedWebhook } from './outbound.ts';

/** `whsec_` and 24 to 64 bytes in padded base64 (Standard Webhooks 1.0, "Signature scheme"). */
const secretPattern =
  '^whsec_(?:(?:[A-Za-z0-9+/]{4}){8,20}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})?|(?:[A-Za-z0-9+/]{4}){21}(?:[A-Za-z0-9+/]{2}==)?)$';

const settings = [
  {
    key: 'secrets',
    label: 'Signing secrets',
    kind: 'secrets',
    required: true,
    pattern: secretPattern,
    description:
      'One or more Standard Webhooks secrets: `whsec_` and 24 to 64 bytes in base64. Every request is signed with each of them, so a receiver can change over.',
  },
  {
    key: 'dedupeWindow',
    label: 'Dedupe window',
    kind: 'duration',
    required: false,
    description:
      'How long the receivers remember a `webhook-id` and fold doubles, such as `24h`. Without it they are taken to remember nothing.',
  },
] as const satisfies readonly Field[];

const address = [
  {
    key: 'url',
    label: 'URL',
    kind: 'url',
    required: true,
    description: 'Receives each message as a signed POST.',
  },
  {
    key: 'dedupeWindow',
    label: 'Dedupe window',
    kind: 'duration',
    required: false,
    description: "Of this receiver alone; stands above the connection's.",
  },
] as const satisfies readonly Field[];

/** Sends messages to any URL as Standard Webhooks 1.0 prescribes. */
export const webhook: Connector<PreparedWebhook> = {
  name: 'webhook',
  title: 'Webhook',
  settings,
  address,
  capabilities: {
    thread: { level: 'full' },
    edit: { level: 'full' },
    delete: { level: 'full' },
    react: { level: 'full' },
    files: { level: 'full' },
    mention: { level: 'partial', why: 'The text holds the mention as a link; what it means is up to the receiver.' },
  },
  addressesByOurIds: true,
  isOneService: false,
  // The same for every action: we do not know what a receiver does if it hears of one edit twice.
  recoveryClass({ connection, destination }) {
    const memoryMs =
      readDuration(destination.address, 'dedupeWindow') ?? readDuration(connection.settings, 'dedupeWindow');
    return memoryMs === undefined ? { kind: 'C' } : { kind: 'A', memoryMs };
  },
  prepare,
  send,
};
