import { group } from './entry.ts';

/** What goes wrong below the words of a platform: the network, and statuses without further proof. */
export const httpReasons = group(
  { kind: 'failure', affects: 'destination' },
  {
    timeout: {
      meaning: 'The receiver did not answer in time.',
      cause: 'The receiver is slow or overloaded, or the time-out of the destination is short.',
      action: 'Look at the receiver; raise `timeout` of the destination if it needs more time.',
    },
    connection_refused: {
      meaning: 'The receiver refused the connection.',
      cause: 'Nothing listens at that address and port.',
      action: 'Start the receiver, or correct the URL.',
    },
    connection_reset: {
      meaning: 'The receiver closed the connection before it had answered.',
      cause: 'The receiver or a proxy before it restarted or crashed.',
      action: 'Look at the log of the receiver. Carillon tries again.',
    },
    dns_failure: {
      meaning: 'The name of the receiver could not be resolved.',
      cause: 'The name is misspelt, or DNS is down.',
      action: 'Check the URL and the DNS of the worker.',
    },
    unreachable: {
      meaning: 'No route leads from the worker to the receiver.',
      cause: 'A network, VPN or firewall between them is down.',
      action: 'Check the network of the worker.',
    },
    tls_error: {
      meaning: 'The TLS handshake failed.',
      cause: 'The certificate of the receiver has expired, or the worker does not trust it.',
      action: 'Renew the certificate. Carillon tries again.',
    },
    egress_denied: {
      affects: 'message',
      meaning: 'The address lies outside of what deliveries may reach.',
      cause: 'The URL leads to a private address that `CARILLON_EGRESS_ALLOW` does not name.',
      action: 'Correct the URL, or allow the address in `CARILLON_EGRESS_ALLOW`. Then retry.',
    },
    invalid_request: {
      affects: 'message',
      meaning: 'The request cannot be made: its URL or one of its headers is not valid.',
      cause: 'A setting of the connection holds a character that HTTP forbids.',
      action: 'Correct the settings, then retry.',
    },
    network_error: {
      meaning: 'The network failed in a way that has no name of its own.',
      cause: 'The operating system gave an error that Carillon does not know.',
      action: 'Look at the message of the attempt and at the log of the worker.',
    },
    bad_response: {
      meaning: 'The platform answered something that Carillon cannot read.',
      cause: 'A proxy answered in place of the platform, or the platform changed its answer.',
      action: 'Read the excerpt of the attempt. If posts arrive, report it as a defect of Carillon.',
    },
    stopped: {
      meaning: 'The process stopped before it wrote anything to the platform.',
      cause: 'A worker was restarted or replaced.',
      action: 'Do nothing. Another worker tries again, and no attempt is spent.',
    },
    throttled: {
      meaning: 'The platform asks for fewer requests.',
      cause: 'More was sent than the platform allows in that time.',
      action: 'Do nothing. Carillon waits. If it happens often, set a `rate` at the destination or connection.',
    },
    'http_*': {
      meaning: 'The receiver answered with this HTTP status, and the status alone decides.',
      cause: 'The receiver, or a proxy before it, does not take the request.',
      action: 'Read the excerpt of the attempt and the log of the receiver.',
    },
    'http_3*': {
      affects: 'message',
      meaning: 'The receiver redirects. Carillon does not follow: a signed body goes only where it was addressed to.',
      cause: 'The URL is an old one, or lacks its `https` or its last slash.',
      action: 'Set the new URL, then retry.',
    },
    http_400: {
      affects: 'message',
      meaning: 'The receiver calls the request malformed.',
      cause: 'The receiver expects another form of the message.',
      action: 'Read the excerpt of the attempt, correct the receiver, then retry.',
    },
    http_401: {
      affects: 'message',
      meaning: 'The receiver does not accept the credentials; a chat platform then refuses the whole connection.',
      cause: 'A token or a secret has expired, was revoked, or is wrong.',
      action: 'Set new credentials in the connection, resume it if it is paused, then retry.',
    },
    http_403: {
      affects: 'message',
      meaning: 'The receiver forbids it; Webex then means the room where a post is new.',
      cause: 'The account of the connection has no right to post there.',
      action: 'Grant the right, or add the account to the room. Then retry.',
    },
    http_404: {
      affects: 'message',
      meaning: 'There is nothing at this address; Webex then means the room where a post is new.',
      cause: 'The URL or the id in the address of the destination is wrong, or the room is gone.',
      action: 'Correct the destination, then retry.',
    },
    http_408: {
      meaning: 'A gateway gave up waiting. The request may have been taken.',
      cause: 'The receiver is slow behind its gateway.',
      action: 'Look at the receiver. Carillon tries again as the recovery class allows.',
    },
    http_409: {
      meaning: 'The receiver reports a conflict and took nothing.',
      cause: 'The receiver works on another request for the same thing.',
      action: 'Carillon tries again. If it goes on, look at the receiver.',
    },
    http_410: {
      meaning: 'The place is gone for good, so the destination is paused.',
      cause: 'The receiver was retired, or the room was deleted.',
      action: 'Set another address and resume the destination, or delete it.',
    },
    http_413: {
      affects: 'message',
      meaning: 'The message is too large for the receiver.',
      cause: 'The receiver or its proxy limits the size of a body.',
      action: 'Raise the limit there and retry, or cancel.',
    },
    http_415: {
      affects: 'message',
      meaning: 'The receiver does not take this media type.',
      cause: 'The receiver expects something other than JSON.',
      action: 'Correct the receiver, then retry.',
    },
    http_422: {
      affects: 'message',
      meaning: 'The receiver understood the message and refuses what it says.',
      cause: 'A rule of the receiver forbids it.',
      action: 'Read the excerpt of the attempt, correct the receiver, then retry; or cancel.',
    },
    'http_5*': {
      meaning: 'The receiver or its gateway failed. The request may have been taken.',
      cause: 'The receiver is down, restarts or is overloaded.',
      action: 'Look at the receiver. Carillon tries again as the recovery class allows.',
    },
  },
);
