import type { InboundFile } from '../../domain/inbound.ts';
import type { Values } from '../connector.ts';
import { at, textAt } from '../hook-checks.ts';
import { homeserverOf } from './settings.ts';

/**
 * The file of a message (client-server API, "m.image", "m.file" and "Content repository"). One that is encrypted has no
 * `url`, and nobody but its room can read it.
 */
export function readFiles(content: unknown, settings: Values): InboundFile[] {
  const id = textAt(content, 'url');
  const [, server, media] = /^mxc:\/\/([^/\s]+)\/([A-Za-z0-9_-]+)$/.exec(id ?? '') ?? [];
  if (id === undefined || server === undefined || media === undefined) return [];
  const [mediaType, size] = [textAt(content, 'info', 'mimetype'), at(content, 'info', 'size')];
  const below = `/_matrix/client/v1/media/download/${encodeURIComponent(server)}/${media}`;
  return [
    {
      id,
      name: textAt(content, 'filename') ?? textAt(content, 'body') ?? media,
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(typeof size === 'number' ? { size } : {}),
      url: `${homeserverOf(settings)}${below}`,
    },
  ];
}
