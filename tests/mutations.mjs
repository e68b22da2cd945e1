/** What to break, in which file of `src/protocol`, and how. */
export const mutations = [
  {
    name: 'resent publishes go out in the opposite order',
    file: 'mqtt/outbox.rs',
    from: 'for entry in self.entries.range_mut(from..).take(window.saturating_sub(from)) {',
    to: 'for entry in self.entries.range_mut(from..).take(window.saturating_sub(from)).rev() {',
  },
  {
    name: 'some PUBACKs are forgotten',
    file: 'mqtt/session.rs',
    from: '&& let Some(packet_id) = self.incoming.acknowledge(id)',
    to: '&& let Some(packet_id) = self.incoming.acknowledge(id)\n            && packet_id % 5 != 0',
  },
  {
    name: 'a message is acknowledged before its handler ends',
    file: 'client/inbox.rs',
    from: 'self.owed.push_back((id, None));',
    to: 'io.session.acknowledge(now.monotonic, id);\n        $&',
  },
  {
    name: 'the version of desired properties is not checked',
    file: 'client/desired.rs',
    from: 'if version == delivered || (self.ensure && version < delivered) {',
    to: 'if false {',
  },
  {
    name: 'a socket that does not close is not dropped before the next one',
    file: 'client/connection.rs',
    from: 'if let Link::Closing(after) = self.link {\n            self.io.abort_socket();',
    to: 'if let Link::Closing(after) = self.link {',
  },
  {
    name: 'the response to a method is resent on the next connection',
    file: 'client/methods.rs',
    from: 'io.session.publish(topic, payload.into(), Resend::Never, tag);',
    to: 'io.session.publish(topic, payload.into(), Resend::UntilAcknowledged, tag);',
  },
  {
    name: 'the pause before a retry is halved',
    file: 'client/connection.rs',
    from: 'self.backoff.interval(&self.config, self.offline);',
    to: 'self.backoff.interval(&self.config, self.offline) / 2;',
  },
  {
    name: 'a first connection that should be retried is given up',
    file: 'client/connection.rs',
    from: 'is_final || retry != ConnectionRetry::Always',
    to: 'true',
  },
  {
    name: 'a refused subscription is not requested again',
    file: 'client/receiving.rs',
    from: 'self.io.session.subscriptions.ask_again();',
    to: '',
  },
  {
    name: 'desired properties that could not be fetched are not fetched again',
    file: 'client/receiving.rs',
    from: 'self.twin.synchronize(&mut self.io);',
    to: '',
  },
  {
    name: 'registrations are not spaced',
    file: 'client/assignment.rs',
    from: '(self.is_outdated && now.monotonic >= self.not_before)',
    to: 'self.is_outdated',
  },
  {
    name: 'a device that is offline registers again',
    file: 'client/assignment.rs',
    from: '} else if reached {',
    to: '} else {',
  },
  {
    name: 'a login that is refused right after an assignment leads to a registration',
    file: 'client/assignment.rs',
    from: 'self.assigned_at.is_some_and(is_new)',
    to: 'false',
  },
  {
    name: 'a device whose attempts failed often does not register again',
    file: 'client/assignment.rs',
    from: '|| self.failures >= MANY_FAILURES',
    to: '',
  },
  {
    name: 'an assignment is not used',
    file: 'client/assignment.rs',
    from: 'self.config.identity = identity;',
    to: '',
  },
];
